import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { openRegistry } from '../../shared/models/registry/open-registry.ts';
import { anchorsOf, linksOf, partsOf } from './markdown.ts';
import { modelsPage } from './models-page.ts';

const projectDir = resolve(import.meta.dirname, '../..');
const page = modelsPage(projectDir);
const registry = openRegistry(resolve(projectDir, 'config'));
const rowOf = (id: string): string => page.split('\n').find((line) => line.startsWith(`| \`${id}\``)) ?? '';

test('every model and every flag is on the page, and nothing is left undefined', () => {
  for (const id of registry.models.keys()) expect(rowOf(id), id).not.toBe('');
  for (const name of registry.sets.keys()) expect(page).toContain(`\n## ${name}\n`);
  expect(page).not.toMatch(/undefined|null|NaN|unknown/);
});

test('a size is in both units, computed from the files', () => {
  expect(rowOf('asr.faster-whisper.large-v3')).toContain('| 5 | 3.09 GB / 2.88 GiB | MIT | yes |');
});

test('a size of which a part is known is at least that part, and one of which nothing is known says so', () => {
  expect(rowOf('support.wan2.1-i2v-14b-480p')).toMatch(/\| ≥ \d+ \| ≥ 16\.69 GB \/ 15\.54 GiB \|/);
  expect(rowOf('lora.kissing')).toContain('not known yet');
});

test('a gate links to the page on which the terms are accepted', () => {
  expect(linksOf(partsOf(page).prose)).toContain('https://hf.co/pyannote/speaker-diarization-community-1');
});

test('the sum of a flag counts a file that several models share once, and no package', () => {
  const sums = (name: string): string => page.split('\n').find((line) => line.startsWith(`| [\`--${name}\`]`)) ?? '';
  expect(sums('embedded')).toContain('| nothing |');
  expect(sums('f5tts')).toContain('1.40 GB / 1.31 GiB (2 models)');
  // Text encoder, picture encoder and VAE of the two resolutions of Wan are the same bytes: 16.64 GB that --everything does not count twice.
  const everything = /`--everything`: ≥ ([\d.]+) GB/.exec(page)?.[1];
  const files = [...registry.models.values()]
    .filter(({ entry }) => entry.source.type !== 'package')
    .flatMap(({ entry }) => entry.files.filter(({ oneOf }) => oneOf === undefined));
  const all = files.reduce((sum, { bytes = 0 }) => sum + bytes, 0) / 1e9;
  expect(all - Number(everything)).toBeCloseTo(16.64, 1);
});

test('every link inside the page leads to one of its headings', () => {
  const anchors = anchorsOf(page);
  for (const target of linksOf(page).filter((link) => link.startsWith('#'))) expect(anchors).toContain(target.slice(1));
});
