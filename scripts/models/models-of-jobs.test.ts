import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { modelsOfJobs, revisionsOfJobs } from './models-of-jobs.ts';

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'jobs-'));
});
afterEach(() => rmSync(out, { recursive: true }));

function job(id: string, text: string): void {
  mkdirSync(join(out, id));
  writeFileSync(join(out, id, 'job.json'), text);
}

test('a job needs the models of its engines, each once, and stands by the revisions it is locked to', () => {
  const lock = {
    engines: { 'asr/a': { models: ['asr.one'] }, 'align/a': { models: ['asr.one', 'align.two'] } },
    models: { 'asr.one': { revision: 'abc' }, 'align.two': { revision: null } },
  };
  job('film-1', JSON.stringify({ lock }));
  expect([...modelsOfJobs(out)]).toEqual([['film-1', ['asr.one', 'align.two']]]);
  expect(revisionsOfJobs(out)).toEqual([{ id: 'asr.one', revision: 'abc' }]);
});

test('a manifest that is broken, empty or of another form has no say', () => {
  job('a', '{"lock":');
  job('b', 'null');
  job('c', '{"lock":{"engines":{"x":{"models":[7]}}}}');
  mkdirSync(join(out, 'd'));
  expect(modelsOfJobs(out).size).toBe(0);
  expect(modelsOfJobs(join(out, 'nothing')).size).toBe(0);
});
