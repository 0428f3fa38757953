import type { CommandLine, CommandOption } from '../command-line.ts';

const json = { type: 'boolean', text: 'print one JSON object on stdout' } as const satisfies CommandOption;
const IDS = { name: 'ID', required: false, many: true } as const;

/** The rows of scripts/command-lines.ts for `babelreel models`. */
export const MODEL_COMMAND_LINES = {
  models: {
    launcher: './babelreel.sh models',
    purpose: 'The model store: what is there, what is missing, and how models get in and out.',
    options: {},
    examples: [['./babelreel.sh models', 'the commands of the model store']],
  },
  'models list': {
    launcher: './babelreel.sh models list',
    purpose: 'Lists every known model by role: engine, size, state, licence and where it lies.',
    options: {
      role: { type: 'string', value: 'ROLE', text: 'only this role' },
      json,
    },
    examples: [
      ['./babelreel.sh models list', 'every model that babelreel knows'],
      ['./babelreel.sh models list --role asr', 'only the recognisers'],
    ],
  },
  'models show': {
    launcher: './babelreel.sh models show',
    purpose: 'Shows everything about one model: source, files, what it requires, licence, and what needs it.',
    positional: { name: 'ID', required: true, text: 'the model' },
    options: { json },
    examples: [['./babelreel.sh models show asr.moonshine.tiny-en', 'files, licence and state of one model']],
  },
  'models audit': {
    launcher: './babelreel.sh models audit',
    purpose: 'Says whether everything needed is stored: models, missing parts, bytes, leftovers, licences and jobs.',
    more: [
      'It counts the models of the engines that would be chosen on this machine, those that jobs in out/ are locked to, and whatever is wholly or partly in the store; with --model only those named. A model counts as stored when all it requires is.',
      'Exit 0: everything that counts is stored; 6: something is missing or damaged. Without --deep sizes and headers are looked at, and no file is read through.',
    ],
    options: {
      model: { type: 'string', array: true, value: 'ID', text: 'count only this model and what it requires' },
      all: { type: 'boolean', text: 'also list the known models that nothing needs' },
      deep: { type: 'boolean', text: 'compare every digest; files that did not change are not read again' },
      root: {
        type: 'string',
        value: 'DIR',
        text: 'look at this folder instead of the store (a hub cache, plain folders, a mounted volume) and say whether it could run offline; NAME=PATH is the option of every command',
      },
      quota: {
        type: 'number',
        value: 'GB',
        text: 'what the store may hold (default: the setting models.quotaGB, else the disk)',
      },
      json,
    },
    examples: [
      ['./babelreel.sh models audit', 'what is stored and what is missing'],
      ['./babelreel.sh models audit --deep --json', 'every digest compared, for a program to read'],
      ['./babelreel.sh models audit --root /mnt/volume --quota 100', "somebody's volume of 100 GB"],
    ],
  },
  'models verify': {
    launcher: './babelreel.sh models verify',
    purpose: 'Reads stored models through and compares every digest. Exit 0: all are right; 6: one is not.',
    positional: { ...IDS, text: 'models (default: everything stored)' },
    options: { json },
    examples: [
      ['./babelreel.sh models verify', 'everything stored'],
      ['./babelreel.sh models verify asr.moonshine.tiny-en', 'one model and what it requires'],
    ],
  },
  'models lock': {
    launcher: './babelreel.sh models lock',
    purpose: 'Asks the hub for revision, sizes and digests of models that have none yet, and writes them down.',
    positional: { ...IDS, text: 'models (default: all of the hub that are not locked)' },
    options: {
      'token-file': {
        type: 'string',
        value: 'FILE',
        text: 'file with the token for gated models (default: HF_TOKEN)',
      },
      json,
    },
    examples: [['./babelreel.sh models lock', 'lock everything that is not locked yet']],
  },
  'models import': {
    launcher: './babelreel.sh models import',
    purpose: 'Takes models from a folder or a tar archive that models export wrote, each file verified first.',
    positional: { name: 'DIR|TAR', required: true, text: 'what was exported' },
    options: {
      model: { type: 'string', array: true, value: 'ID', text: 'only this model and what it requires' },
      json,
    },
    examples: [['./babelreel.sh models import /mnt/usb/models.tar', 'from a disk that was carried here']],
  },
  'models export': {
    launcher: './babelreel.sh models export',
    purpose: 'Writes stored models to a folder or a tar archive, for a machine without a network.',
    positional: { ...IDS, text: 'models (default: everything that is wholly stored)' },
    options: {
      to: { type: 'string', required: true, value: 'PATH', text: 'the folder or the archive to write' },
      form: {
        type: 'string',
        choices: ['flat', 'hub', 'tar'],
        value: 'FORM',
        text: 'flat: plain files, for disks that know no links; hub: a cache that Python tools read; tar: one archive (default: tar for a path that ends so, else flat)',
      },
      overwrite: { type: 'boolean', text: 'replace what is there' },
      json,
    },
    examples: [
      ['./babelreel.sh models export --to /mnt/usb/models.tar', 'everything, as one archive'],
      [
        './babelreel.sh models export asr.moonshine.tiny-en --to /mnt/usb/models --form flat',
        'one model as plain files',
      ],
    ],
  },
  'models serve': {
    launcher: './babelreel.sh models serve',
    purpose:
      'Serves the stored hub models to other machines, as a hub that babelreel and Python tools understand. Ctrl-C ends it.',
    options: {
      port: { type: 'number', value: 'N', text: 'port to listen at (default: 8641; 0: any free one)' },
      host: {
        type: 'string',
        value: 'HOST',
        text: 'address to listen at (default: 127.0.0.1; 0.0.0.0: the whole network)',
      },
      quiet: { type: 'boolean', alias: 'q', text: 'do not print the requests' },
      json,
    },
    examples: [['./babelreel.sh models serve --host 0.0.0.0 --port 8641', 'feed a room that has no other network']],
  },
  'models adopt': {
    launcher: './babelreel.sh models adopt',
    purpose: 'Finds known models in a folder of somebody else and takes their verified files into the store.',
    options: {
      root: { type: 'string', required: true, value: 'DIR', text: 'the folder; it is only read, and stays as it is' },
      model: { type: 'string', array: true, value: 'ID', text: 'only this model and what it requires' },
      json,
    },
    examples: [['./babelreel.sh models adopt --root /mnt/volume', 'use what is there already']],
  },
  'models gc': {
    launcher: './babelreel.sh models gc',
    purpose: 'Removes what no known model and no job needs from the store: leftovers of downloads, old revisions.',
    options: {
      'dry-run': { type: 'boolean', text: 'only say what would go' },
      remove: { type: 'string', array: true, value: 'ID', text: 'also remove this model' },
      'unknown-repositories': {
        type: 'boolean',
        text: 'also remove repositories that no known model is from; another program may use them',
      },
      json,
    },
    examples: [
      ['./babelreel.sh models gc --dry-run', 'what could be removed'],
      ['./babelreel.sh models gc', 'remove it'],
    ],
  },
  'models add': {
    launcher: './babelreel.sh models add',
    purpose: 'Makes a model known to this machine: a repository of the hub, or a folder of yours.',
    positional: { name: 'REPO|DIR', required: true, text: 'org/name on the hub, or a folder' },
    options: {
      role: { type: 'string', required: true, value: 'ROLE', text: 'what it does: asr, translate, synthesize, …' },
      engine: { type: 'string', required: true, value: 'NAME', text: 'the engine that loads it' },
      id: { type: 'string', value: 'ID', text: 'its name here (default: made of role, engine and name)' },
      licence: { type: 'string', value: 'NAME', text: 'its licence (default: unstated)' },
      base: { type: 'string', value: 'ID', text: 'for a LoRA: the model it changes' },
      trigger: { type: 'string', value: 'WORD', text: 'for a LoRA: the word that wakes it' },
      json,
    },
    examples: [['./babelreel.sh models add org/name --role asr --engine faster-whisper', 'a repository of the hub']],
  },
} as const satisfies Record<string, CommandLine>;
