import { describe, expect, it } from 'vitest';
import type { StageKey } from '../contract/record.ts';
import { diffKeys } from './explain.ts';

const key: StageKey = {
  v: 1,
  stage: 'asr',
  code: 'a'.repeat(64),
  engines: { asr: { id: 'asr/x', version: '1', environment: `sha256:${'1'.repeat(64)}` } },
  models: [{ id: 'm', digest: `sha256:${'2'.repeat(64)}` }],
  tools: { ffmpeg: '5.1' },
  params: { beamSize: 5, nested: { pad: 150 } },
  inputs: { speech: `sha256:${'3'.repeat(64)}` },
};

describe('the difference of two keys', () => {
  it('is nothing for equal ones, whatever the order of their members', () => {
    const { v, ...rest } = structuredClone(key);
    expect(diffKeys(key, { ...rest, v })).toEqual([]);
  });

  it('names each value that changed with its path, before and after', () => {
    expect(diffKeys(key, { ...key, params: { beamSize: 1, nested: { pad: 200 } }, tools: { ffmpeg: '6.0' } })).toEqual([
      'params.beamSize: 5 -> 1',
      'params.nested.pad: 150 -> 200',
      'tools.ffmpeg: "5.1" -> "6.0"',
    ]);
  });

  it('says what came and what went', () => {
    const without = { ...key, params: { nested: { pad: 150 }, extra: null }, models: [] };
    expect(diffKeys(key, without)).toEqual([
      'models[0]: 22222222… -> (none)',
      'params.beamSize: 5 -> (none)',
      'params.extra: (none) -> null',
    ]);
  });

  it('shortens digests and long texts', () => {
    expect(diffKeys(key, { ...key, code: 'b'.repeat(64) })).toEqual(['code: aaaaaaaa… -> bbbbbbbb…']);
    const [line = ''] = diffKeys(key, { ...key, params: 'x'.repeat(500) });
    expect(line.length).toBeLessThan(140);
  });
});
