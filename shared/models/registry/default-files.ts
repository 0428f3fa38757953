import type { ModelFile, ModelRole } from '../../contract/model.ts';

export interface DefaultFiles {
  /** Files that have to be there. */
  readonly files: readonly ModelFile[];
  /** Patterns of files that come where they are there. */
  readonly allow: readonly string[];
}

const VOCABULARY = 'vocabulary';
const WEIGHTS = 'weights';

/**
 * Engines whose models always have the same files. Weights in safetensors come first: a Python pickle runs code when it is opened. Program code
 * is in none of them; whoever wants a repository's code names it.
 */
const BY_ENGINE: Readonly<Record<string, DefaultFiles>> = {
  'faster-whisper': {
    files: [
      { path: 'config.json', kind: 'config' },
      { path: 'model.bin', kind: 'weights' },
      { path: 'tokenizer.json', kind: 'tokenizer' },
      { path: 'vocabulary.json', kind: 'tokenizer', oneOf: VOCABULARY },
      { path: 'vocabulary.txt', kind: 'tokenizer', oneOf: VOCABULARY },
    ],
    allow: ['preprocessor_config.json'],
  },
  'mlx-whisper': {
    files: [
      { path: 'config.json', kind: 'config' },
      { path: 'model.safetensors', kind: 'weights', oneOf: WEIGHTS },
      { path: 'weights.safetensors', kind: 'weights', oneOf: WEIGHTS },
      { path: 'weights.npz', kind: 'weights', oneOf: WEIGHTS },
    ],
    allow: [],
  },
  whisperx: {
    files: [
      { path: 'config.json', kind: 'config' },
      { path: 'preprocessor_config.json', kind: 'processor' },
      { path: 'vocab.json', kind: 'tokenizer' },
      { path: 'model.safetensors', kind: 'weights', oneOf: WEIGHTS },
      { path: 'pytorch_model.bin', kind: 'weights', oneOf: WEIGHTS },
    ],
    allow: ['added_tokens.json', 'special_tokens_map.json', 'tokenizer_config.json'],
  },
  pyannote: { files: [{ path: 'config.yaml', kind: 'config' }], allow: ['**/*.bin', '*.bin', '**/*.npz'] },
  piper: { files: [], allow: ['**/*.onnx', '*.onnx', '**/*.onnx.json', '*.onnx.json', '**/MODEL_CARD', 'MODEL_CARD'] },
};

const USUAL: DefaultFiles = {
  files: [],
  allow: ['*.json', '*.txt', '*.model', '*.spm', '*.yaml', '*.yml', '*.safetensors', '**/*.json', '**/*.safetensors'],
};

/** What belongs to a model of a repository that nobody has listed, by the engine that opens it, else by what it does. */
export function defaultFiles(role: ModelRole, engine: string): DefaultFiles {
  if (role === 'lora') return { files: [], allow: ['*.safetensors', '**/*.safetensors'] };
  // WhisperX recognises with the models of faster-whisper.
  if (engine === 'whisperx' && role === 'asr') return BY_ENGINE['faster-whisper'] ?? USUAL;
  return BY_ENGINE[engine] ?? USUAL;
}
