import { expect, test } from 'vitest';
import { kindOfFile } from './kind-of-file.ts';

test.each([
  ['model.safetensors', 'weights'],
  ['voices/af_heart.pt', 'weights'],
  ['955717e8-8726e21a.th', 'weights'],
  ['google/umt5-xxl/spiece.model', 'tokenizer'],
  ['dict.SRC.json', 'tokenizer'],
  ['vocabulary.txt', 'tokenizer'],
  ['tokenizer_config.json', 'tokenizer'],
  ['tokenization_indictrans.py', 'code'],
  ['model.safetensors.index.json', 'index'],
  ['preprocessor_config.json', 'processor'],
  ['config.json', 'config'],
  ['hi_IN-pratham-medium.onnx.json', 'config'],
  ['cmudict-en-us.dict', 'dictionary'],
  ['MODEL_CARD', 'data'],
])('%s is %s', (path, kind) => {
  expect(kindOfFile(path)).toBe(kind);
});
