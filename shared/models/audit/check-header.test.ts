import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkHeader } from './check-header.ts';

const bytes = (...parts: readonly (string | number | Buffer)[]): Buffer =>
  Buffer.concat(
    parts.map((part) =>
      Buffer.isBuffer(part) ? part : typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part, 'latin1'),
    ),
  );
const safetensors = (header: string, data: number, length = header.length): Buffer => {
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt(length));
  return bytes(head, header, Buffer.alloc(data, 1));
};
const HEADER = '{"__metadata__":{"format":"pt"},"w":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}}';
const zip = (comment = ''): Buffer => bytes('PK\x03\x04', Buffer.alloc(60, 7), 'PK\x05\x06', Buffer.alloc(18), comment);
/** ir_version 8, a producer's name of 4 bytes, a graph of 300 bytes. */
const onnx = bytes(0x08, 8, 0x12, 4, 'test', 0x3a, 0xac, 0x02, Buffer.alloc(300, 1));
const large = bytes('{"a":"', Buffer.alloc(100_000, 'x'), '"}');

describe('the head of a file', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'header-'));
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  const look = (name: string, content: Buffer): string => {
    const path = join(dir, 'file');
    writeFileSync(path, content);
    return checkHeader(path, { name, size: statSync(path).size })?.state ?? 'fine';
  };

  test.for<readonly [string, Buffer]>([
    ['w.safetensors', safetensors(HEADER, 9)],
    ['w.safetensors', safetensors('{}', 0)],
    ['w.pth', zip()],
    ['w.pt', zip('with a comment')],
    ['w.bin', zip()],
    ['w.bin', bytes(0x80, 2, Buffer.alloc(40))],
    ['w.th', bytes(0x80, 2, Buffer.alloc(40))],
    ['model.bin', bytes(6, 0, 0, 0, 11, 0, 'WhisperSpec\0', Buffer.alloc(9))],
    ['w.npz', zip()],
    ['w.npy', bytes('\x93NUMPY', Buffer.alloc(9))],
    ['w.onnx', onnx],
    ['w.gguf', bytes('GGUF', Buffer.alloc(9))],
    ['c.json', bytes('{"a": 1}')],
    ['c.json', large],
    ['vocab.txt', bytes('<unk>\n<s>\n')],
    ['spiece.model', bytes(0x0a, 3, 'abc')],
    ['any.thing', Buffer.alloc(50)],
  ])('of %s that is right says nothing', ([name, content]) => {
    expect(look(name, content)).toBe('fine');
  });

  test.for<readonly [string, string, Buffer]>([
    ['w.safetensors', 'truncated', safetensors(HEADER, 8)],
    ['w.safetensors', 'oversize', safetensors(HEADER, 10)],
    ['w.safetensors', 'truncated', safetensors(HEADER, 0, 5000)],
    ['w.safetensors', 'truncated', bytes('abc')],
    ['w.safetensors', 'corrupt', Buffer.alloc(500)],
    ['w.safetensors', 'corrupt', bytes('something else entirely')],
    ['w.safetensors', 'corrupt', safetensors(HEADER.replace('"w"', 'w,,'), 9)],
    ['w.safetensors', 'corrupt', safetensors('[7]', 0)],
    ['w.pth', 'truncated', zip().subarray(0, 40)],
    ['w.bin', 'truncated', zip().subarray(0, 40)],
    ['w.bin', 'corrupt', Buffer.alloc(500)],
    ['w.pth', 'corrupt', Buffer.alloc(500)],
    ['w.npz', 'corrupt', bytes('no zip at all')],
    ['w.onnx', 'truncated', onnx.subarray(0, 200)],
    ['w.onnx', 'corrupt', Buffer.alloc(500)],
    ['w.onnx', 'corrupt', bytes('{"error": "none"}')],
    ['w.gguf', 'corrupt', bytes('GGML', Buffer.alloc(9))],
    ['c.json', 'corrupt', bytes('{"a": 1')],
    ['c.json', 'corrupt', large.subarray(0, 90_000)],
    ['w.bin', 'lfs-pointer', bytes('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n')],
    ['c.json', 'error-page', bytes('\xef\xbb\xbf\n  <HTML lang="en"><body>')],
    ['w.bin', 'error-page', bytes('<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>')],
  ])('of %s that is wrong says %s', ([name, state, content]) => {
    expect(look(name, content)).toBe(state);
  });
});
