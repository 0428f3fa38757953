import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findToken } from './find-token.ts';

describe('the token for gated models', () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'token-'));
  });
  afterEach(() => rmSync(home, { recursive: true }));

  const put = (path: string, text: string): string => {
    mkdirSync(join(home, path, '..'), { recursive: true });
    writeFileSync(join(home, path), text);
    return join(home, path);
  };

  it('is that of the file given, whatever else there is', () => {
    const file = put('mine', 'hf_from_file\n');
    expect(findToken(file, { HF_TOKEN: 'hf_from_variable' })).toBe('hf_from_file');
  });

  it('is found where the tools of the hub keep it', () => {
    put('.cache/huggingface/token', 'hf_from_home\n');
    expect(findToken(undefined, { HOME: home })).toBe('hf_from_home');
    const other = put('other', 'hf_from_path');
    expect(findToken(undefined, { HOME: home, HF_TOKEN_PATH: other })).toBe('hf_from_path');
    expect(findToken(undefined, { HOME: home, HF_TOKEN_PATH: other, HF_TOKEN: ' hf_variable ' })).toBe('hf_variable');
  });

  it('is undefined where there is none', () => {
    expect(findToken(undefined, { HOME: home })).toBeUndefined();
  });

  it('is refused without being shown when the file does not hold one', () => {
    const file = put('two', 'hf_secret_one\nhf_secret_two\n');
    try {
      findToken(file, {});
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'ERR_USAGE' });
      expect(JSON.stringify(error) + String(error)).not.toContain('secret');
    }
    expect(() => findToken(join(home, 'none'), {})).toThrow(expect.objectContaining({ code: 'ERR_USAGE' }));
  });
});
