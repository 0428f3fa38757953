import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PROGRAMME_FORMAT, SPEECH_FORMAT } from '../contract/media.ts';
import { quietestSample, windowEnergies } from './energy.ts';
import { bytesToMs, frameBytes, msToBytes, pcmFormat, readPcm16 } from './pcm.ts';

it('formats are those of the contract', () => {
  expect(pcmFormat(16_000, 1)).toBe(SPEECH_FORMAT);
  expect(pcmFormat(48_000, 2)).toBe(PROGRAMME_FORMAT);
  expect(frameBytes(PROGRAMME_FORMAT)).toBe(4);
  expect(() => frameBytes('s24le/48000/2')).toThrow(TypeError);
});

it('times and bytes fit together and a cut is never inside a frame', () => {
  expect(msToBytes(1000, SPEECH_FORMAT)).toBe(32_000);
  expect(msToBytes(1000, PROGRAMME_FORMAT)).toBe(192_000);
  for (let ms = 0; ms < 2000; ms += 7) {
    expect(msToBytes(ms, 's16le/44100/2') % 4).toBe(0);
    expect(bytesToMs(msToBytes(ms, 's16le/44100/2'), 's16le/44100/2')).toBe(ms);
  }
});

it('a slice of a file is read as samples, a short file gives fewer', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pcm-'));
  const path = join(folder, 'x.pcm');
  writeFileSync(path, Buffer.from(Int16Array.of(1, -2, 32_767, -32_768, 5).buffer));
  expect([...readPcm16(path, 2, 6)]).toEqual([-2, 32_767, -32_768]);
  expect([...readPcm16(path, 6, 1000)]).toEqual([-32_768, 5]);
  expect([...readPcm16(path, 100, 10)]).toEqual([]);
  expect(() => readPcm16(path, 1, 2)).toThrow(RangeError);
  rmSync(folder, { recursive: true });
});

it('the quietest place is found', () => {
  const samples = Int16Array.from({ length: 1600 }, (_, at) => (at >= 800 && at < 960 ? 1 : at % 2 === 0 ? 900 : -900));
  expect([...windowEnergies(Int16Array.of(3, 4, 5, 5, 9), 2)]).toEqual([12.5, 25]);
  expect(quietestSample(samples, 160)).toBe(880);
  expect(quietestSample(Int16Array.of(1, 2), 160)).toBe(1);
});
