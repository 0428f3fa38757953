import { CACHE_MODELS_LINE } from './cache-models/command-line.ts';
import type { CommandLine, CommandOption } from './command-line.ts';
import { MODEL_COMMAND_LINES } from './models/command-lines.ts';

/**
 * What every command takes, as data: yargs parses by it, `--help` and docs/cli.md are made from it, and the light commands read it without
 * yargs. Nothing but more of it is imported here.
 */
export type { CommandLine, CommandOption } from './command-line.ts';

const json = {
  type: 'boolean',
  text: 'print one JSON object on stdout; events as JSON lines on stderr',
} as const satisfies CommandOption;

const offline = {
  type: 'string',
  value: '[POLICY]',
  choices: ['enforce', 'guard', 'off'],
  text: 'enforce (also without a value): no network, by the kernel, or refuse; guard (default): what the machine has; off: deny nothing',
} as const satisfies CommandOption;

export const COMMAND_LINES = {
  'prepare-job': {
    launcher: './prepare-job.sh',
    purpose: 'Checks a film, chooses the engines and writes the manifest of a job; prints its id.',
    options: {
      media: { type: 'string', alias: 'm', required: true, value: 'FILE', text: 'the film or recording' },
      workflow: {
        type: 'string',
        alias: 'w',
        required: true,
        value: 'NAME',
        text: 'transcribe, translate, subtitle or dub',
      },
      source: {
        type: 'string',
        alias: 's',
        required: true,
        value: 'LANG',
        text: 'language that is spoken (BCP-47: en, hi, pt-BR)',
      },
      target: { type: 'string', alias: 't', array: true, value: 'LANG[,LANG…]', text: 'languages to translate into' },
      'dub-into': {
        type: 'string',
        array: true,
        value: 'LANG[,LANG…]',
        text: 'which targets are also spoken (default: all, for dub)',
      },
      start: { type: 'string', value: 'TIME', text: 'recognise and dub from here on (90, 1:30, 1m30s)' },
      end: { type: 'string', value: 'TIME', text: 'recognise and dub up to here' },
      'audio-stream': { type: 'string', value: 'N|LANG', text: 'audio stream by number from 0, or by language' },
      engine: { type: 'string', array: true, value: 'ROLE=NAME', text: 'use this engine for a role' },
      set: { type: 'string', array: true, value: 'STAGE.PARAM=VALUE', text: 'set a parameter of a stage' },
      voice: { type: 'string', array: true, value: '[LANG=]VOICE', text: 'voice of the dub' },
      'burn-in': {
        type: 'string',
        value: 'LANG',
        text: 'draw the subtitles of this language into the picture, which is then encoded again',
      },
      name: { type: 'string', value: 'NAME', text: 'name of the delivered files (default: the file name)' },
      commercial: { type: 'boolean', text: 'refuse engines whose licence forbids or does not state commercial use' },
      offline,
      'accept-damaged': { type: 'boolean', text: 'go on with a damaged or truncated film, with a warning' },
      json,
    },
    examples: [
      ['./prepare-job.sh --media in/movie.mp4 --workflow transcribe -s en', 'the words of a film with their times'],
      [
        './prepare-job.sh --media in/movie.mp4 --workflow subtitle -s en -t es,pt-BR',
        'subtitles in three languages and the film with them',
      ],
      [
        './prepare-job.sh --media in/movie.mp4 --workflow dub -s en -t pt-BR,es --dub-into pt-BR',
        'two translations, one of them spoken',
      ],
      [
        './prepare-job.sh --media in/movie.mp4 --workflow subtitle -s en --start 1:00 --end 2:30',
        'only a part of the film',
      ],
    ],
  },
  'run-pipeline': {
    launcher: './run-pipeline.sh',
    purpose: 'Runs a job, or goes on with it: what is finished is never done again. Delivers into out/<id>/.',
    options: {
      job: { type: 'string', alias: 'j', value: 'ID', text: 'the job' },
      demo: { type: 'boolean', text: 'set everything up, make the demo film and run its job' },
      plan: { type: 'boolean', text: 'show what would run and why, and do nothing' },
      force: { type: 'string', value: '[STAGE]', text: 'compute a stage, or everything, again' },
      overwrite: { type: 'boolean', text: 'replace delivered files that were changed by hand' },
      strict: { type: 'boolean', text: 'exit 10 when there is a warning' },
      offline,
      'download-models': { type: 'boolean', text: 'fetch models that are missing without asking' },
      yes: { type: 'boolean', alias: 'y', text: 'ask nothing; the same as --download-models' },
      quiet: { type: 'boolean', alias: 'q', text: 'print errors and the result only' },
      json,
    },
    examples: [
      ['./run-pipeline.sh --demo', 'set up and make the demo'],
      ['./run-pipeline.sh -j 20261201-movie-001', 'run or resume a job'],
      ['./run-pipeline.sh -j 20261201-movie-001 --plan', 'what would run, and why'],
      ['./run-pipeline.sh -j 20261201-movie-001 --force translate', 'translate again'],
    ],
  },
  explain: {
    launcher: './babelreel.sh explain',
    purpose: 'Says for every stage of a job why it would run or be skipped.',
    positional: { name: 'ID', required: true, text: 'the job' },
    options: { json },
    examples: [['./babelreel.sh explain 20261201-movie-001', 'why each stage runs or not']],
  },
  status: {
    launcher: './babelreel.sh status',
    purpose: 'Shows how far a job is; all jobs without an id.',
    positional: { name: 'ID', required: false, text: 'the job' },
    options: { json },
    examples: [['./babelreel.sh status 20261201-movie-001', 'stages and deliverables of a job']],
  },
  logs: {
    launcher: './babelreel.sh logs',
    purpose: "Prints a job's events, or the log of one engine.",
    positional: { name: 'ID', required: true, text: 'the job' },
    options: {
      engine: { type: 'string', value: 'ROLE/NAME', text: 'what this engine wrote to stderr' },
      since: { type: 'number', value: 'SEQ', text: 'only events after this sequence number' },
      json,
    },
    examples: [['./babelreel.sh logs 20261201-movie-001', 'what happened, in order']],
  },
  jobs: {
    launcher: './babelreel.sh jobs',
    purpose: 'Lists all jobs, the newest first.',
    options: { json },
    examples: [['./babelreel.sh jobs', 'all jobs']],
  },
  engines: {
    launcher: './babelreel.sh engines',
    purpose: 'Lists the engines with their languages, licences, state and what they are worth.',
    options: {
      role: { type: 'string', value: 'ROLE', text: 'only this role' },
      json,
    },
    examples: [
      ['./babelreel.sh engines', 'every engine'],
      ['./babelreel.sh engines --role synthesize', 'voices'],
    ],
  },
  'prove-offline': {
    launcher: './babelreel.sh prove-offline',
    purpose:
      'Runs a job again in a private store with the network cut off by the kernel, tries first whether it is, and writes down what that proves.',
    options: {
      job: { type: 'string', alias: 'j', required: true, value: 'ID', text: 'the job' },
      json,
    },
    examples: [['./babelreel.sh prove-offline -j 20261201-movie-001', 'out/<id>/offline-proof.json and a summary']],
  },
  ...CACHE_MODELS_LINE,
  ...MODEL_COMMAND_LINES,
} as const satisfies Record<string, CommandLine>;

export type CommandName = keyof typeof COMMAND_LINES;
