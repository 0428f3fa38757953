import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { findDocProblems } from './docs.ts';
import { findEngineDocProblems } from './engine-docs.ts';

const made: string[] = [];
afterEach(() => {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true });
});

function project(files: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(tmpdir(), 'babelreel-docs-'));
  made.push(dir);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  return dir;
}

test('a link to a file, a folder, a heading or another site is fine', () => {
  const dir = project({
    'README.md': '# One\n[a](docs/a.md) [b](docs/a.md#so-it-goes) [c](#one) [d](docs) [e](https://example.org/x)',
    'docs/a.md': '## So it goes!\n[up](../README.md#one)\n',
  });
  expect(findDocProblems(dir)).toEqual([]);
});

test('a link that leads nowhere is named with its document, also one of a picture and one to a missing heading', () => {
  const dir = project({
    'README.md': '# One\n[a](docs/b.md) ![p](p.png "a picture") [c](docs/a.md#two) [d](../elsewhere.md)',
    'docs/a.md': '# A\n',
  });
  expect(findDocProblems(dir)).toEqual([
    'README.md: the link docs/b.md leads nowhere',
    'README.md: the link p.png leads nowhere',
    'README.md: the link docs/a.md#two names no heading',
    'README.md: the link ../elsewhere.md leaves the project',
  ]);
});

test('what looks like a link inside of code is none', () => {
  expect(findDocProblems(project({ 'a.md': '`x[0](y)`\n\n```ts\ncall[0](nowhere)\n```\n' }))).toEqual([]);
});

test('a command in a fence is read whole, over a line that goes on, and one in a sentence by its names', () => {
  const dir = project({
    'run-pipeline.sh': '',
    'docs/a.md':
      'Type `./run-pipeline.sh --redo`.\n\n```bash\n./prepare-job.sh -m a.mp4 \\\n  -w dub --targets es\n```\n\n```mermaid\n./x.sh --> b\n```\n',
  });
  expect(findDocProblems(dir)).toEqual([
    'docs/a.md: ./prepare-job.sh has no --targets',
    'docs/a.md: ./prepare-job.sh lacks --source',
    'docs/a.md: ./run-pipeline.sh has no --redo',
  ]);
});

test('a variable that nothing reads is named', () => {
  const dir = project({ 'a.md': 'Set `BABELREEL_ROOTS_OUT` or BABELREEL_OUT, by `BABELREEL_*`.' });
  expect(findDocProblems(dir)).toEqual(['a.md: nothing reads the variable BABELREEL_OUT']);
});

test('reports of jobs and notes beside films are not documents of the project', () => {
  const dir = project({ 'out/demo/report.md': '[x](y)', 'in/notes.md': '[x](y)', 'in/README.md': 'fine' });
  expect(findDocProblems(dir)).toEqual([]);
});

test('an engine without a heading of its own, or with other words than its folder has, is found', async () => {
  const dir = project({
    'docs/engines.md': '### vad/ears\n\nWorth: hears all.\nIt misses nothing. code MIT, weights MIT\n\n### asr/pen\n',
    'stages/vad/engines/ears/engine.ts': engineText('vad', 'ears', 'hears all.', 'misses some.'),
    'stages/vad/engines/ears/worker.ts': '',
    'stages/asr/engines/quill/engine.ts': engineText('asr', 'quill', 'writes.', 'blots.'),
    'stages/asr/engines/quill/worker.ts': '',
  });
  expect(await findEngineDocProblems(dir)).toEqual([
    'docs/engines.md: there is no heading for asr/quill',
    'docs/engines.md: vad/ears does not say "misses some."',
  ]);
});

const engineText = (role: string, name: string, worth: string, weakness: string): string =>
  `export const engine = ${JSON.stringify({
    role,
    name,
    worth,
    weakness,
    worker: 'worker.ts',
    batch: 1,
    params: {},
    resources: {},
    licence: { code: 'MIT', weights: 'MIT', commercial: 'yes' },
  }).replace('"params":{}', '"params":{},models:()=>[]')};\n`;
