import type { CommandLine, CommandOption } from '../command-line.ts';

/** A flag of config/model-sets.json; command-line.test.ts keeps the two in agreement. Sizes and licences are added from the registry. */
const set = (text: string): CommandOption & { readonly type: 'boolean' } => ({ type: 'boolean', text });

export const SET_FLAGS = {
  'faster-whisper': set('recognition in about 100 languages'),
  whisperx: set('recognition with aligned words; aligners of more languages by --lang'),
  mlx: set('recognition on Apple silicon'),
  'voice-activity': set('where somebody speaks'),
  pyannote: set('who speaks when; terms to accept'),
  indictrans2: set('translation between English and the languages of India; terms to accept'),
  nllb: set('translation between 200 languages; not for commercial use'),
  f5tts: set('a cloned voice; not for commercial use'),
  piper: set('light voices'),
  kokoro: set('neural voices'),
  demucs: set('voices apart from music'),
  multitalk: set('talking video'),
  embedded: set('the small engines of the four workflows; they come with their environments'),
} as const;

export const CACHE_MODELS_LINE = {
  'cache-models': {
    launcher: './cache-models.sh',
    purpose:
      'Fetches models into the store, resumable and verified by digest, so that everything runs without a network. Engines that ask an LLM API have no model to cache.',
    options: {
      all: {
        type: 'boolean',
        text: 'what the four workflows need on this machine, with whisperx, indictrans2, nllb and voice activity',
      },
      everything: { type: 'boolean', text: 'every model of the registry that is for this platform' },
      ...SET_FLAGS,
      model: { type: 'string', array: true, value: 'ID', text: 'this model and what it requires' },
      'for-job': { type: 'string', value: 'ID', text: 'what this job needs' },
      lang: {
        type: 'string',
        array: true,
        value: 'LANG[,LANG…]',
        text: 'models that are for one language: which ones',
      },
      'dry-run': { type: 'boolean', text: 'show what would be fetched, and fetch nothing' },
      repair: { type: 'boolean', text: 'hash what is stored and fetch again what is damaged' },
      import: { type: 'string', value: 'DIR|TAR', text: 'take the files from a disk instead of a network' },
      'token-file': { type: 'string', value: 'F', text: 'file with the token for gated models (default: HF_TOKEN)' },
      'any-platform': { type: 'boolean', text: 'also what cannot run on this machine, to carry it to another' },
      yes: { type: 'boolean', alias: 'y', text: 'ask nothing' },
      json: { type: 'boolean', text: 'print one JSON object on stdout' },
    },
    examples: [
      ['./cache-models.sh --help', 'every flag with its models, their sizes and licences'],
      ['./cache-models.sh --all --dry-run', 'what would come, and how much'],
      ['./cache-models.sh --whisperx --lang hi,en', 'recognition and the aligners of two languages'],
      ['./cache-models.sh --model translate.nllb.600m', 'one model with what it requires'],
      ['./cache-models.sh --for-job 20261201-movie-001', 'what one job lacks'],
    ],
  },
} as const satisfies Record<string, CommandLine>;
