import type { ModelFile } from '../../contract/model.ts';

/** First match wins. Names are those that hubs and engines use; a reader of an entry corrects what a name does not tell. */
const KINDS: readonly (readonly [RegExp, ModelFile['kind']])[] = [
  [/\.(py|pyx|so|dll|dylib)$/, 'code'],
  [/\.index\.json$/, 'index'],
  [/(^|\/)(pre)?processor_config\.json$|(^|\/)normalizer\.json$/, 'processor'],
  [
    /tokenizer|vocab|special_tokens|added_tokens|\.(spm|model|SRC|TGT)$|(^|\/)(merges\.txt|dict\.(SRC|TGT)\.json)$/,
    'tokenizer',
  ],
  [/\.dict$|noisedict|lexicon|_dict$/, 'dictionary'],
  [
    /\.(safetensors|onnx|ort|bin|pt|pth|th|ckpt|npz|gguf|ggml|prob|gz|pdparams|msgpack|h5)$|(^|\/)(mdef|means|variances|sendump|transition_matrices)$/,
    'weights',
  ],
  [/\.(json|ya?ml|toml|mode|params)$/, 'config'],
];

/** What a file of a model is for, by its name. */
export const kindOfFile = (path: string): ModelFile['kind'] =>
  KINDS.find(([pattern]) => pattern.test(path))?.[1] ?? 'data';
