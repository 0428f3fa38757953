import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Probe } from '../contract/media.ts';
import type { Candidate } from './choose-engine.ts';
import { findWorkflow, loadWorkflows } from './load-workflows.ts';
import { type JobRequest, readClip, readLanguages, readWishes } from './read-request.ts';

const workflows = loadWorkflows(fileURLToPath(new URL('../../config', import.meta.url)));
const request = (change: Partial<JobRequest> = {}): JobRequest => ({
  media: '/in/film.mp4',
  source: 'en',
  targets: [],
  engines: [],
  settings: [],
  voices: [],
  commercial: false,
  acceptDamaged: false,
  ...change,
});
const languages = (workflow: string, change: Partial<JobRequest>) =>
  readLanguages(request(change), findWorkflow(workflows, workflow));

describe('the languages of a job', () => {
  it('are canonical, and each target counts once', () => {
    expect(languages('dub', { source: 'EN', targets: ['pt_br', 'es', 'pt-BR'] })).toEqual({
      source: 'en',
      targets: ['pt-BR', 'es'],
      dubInto: ['pt-BR', 'es'],
    });
  });

  it('are dubbed into all targets, or into those that are named; other workflows dub nothing', () => {
    expect(languages('dub', { targets: ['pt-BR', 'es'], dubInto: ['ES'] }).dubInto).toEqual(['es']);
    expect(languages('subtitle', { targets: ['es'] }).dubInto).toEqual([]);
    expect(languages('subtitle', {})).toEqual({ source: 'en', targets: [], dubInto: [] });
  });

  it.each<[string, string, Partial<JobRequest>, string]>([
    ['ERR_LANGUAGE_UNKNOWN', 'transcribe', { source: 'englisch' }, 'Did you mean en?'],
    ['ERR_LANGUAGE_UNKNOWN', 'translate', { targets: ['qqqq'] }, '--target "qqqq"'],
    ['ERR_LANGUAGE_UNKNOWN', 'dub', { targets: ['es'], dubInto: ['xx-YY'] }, '--dub-into'],
    ['ERR_USAGE', 'translate', { targets: ['es', 'EN'] }, 'en is the language of the film'],
    ['ERR_USAGE', 'transcribe', { targets: ['es'] }, 'takes no target'],
    ['ERR_USAGE', 'translate', {}, 'needs at least one target'],
    ['ERR_USAGE', 'dub', {}, 'needs at least one target'],
    ['ERR_USAGE', 'subtitle', { targets: ['es'], dubInto: ['es'] }, 'makes no dub'],
    ['ERR_USAGE', 'subtitle', { targets: ['es'], voices: ['anna'] }, '--voice means nothing'],
    ['ERR_USAGE', 'dub', { targets: ['es'], dubInto: ['fr'] }, '--dub-into fr is not among the targets es'],
  ])('%s for %s %j', (code, workflow, change, says) => {
    expect(() => languages(workflow, change)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(says) }),
    );
  });
});

describe('the clip', () => {
  const probe: Probe = { container: 'mp4', durationMs: 10_000, startTimeMs: 0, streams: [] };

  it('is the whole film, a part of it, and never more than it', () => {
    expect(readClip(request(), probe)).toEqual({ startMs: 0, endMs: 10_000 });
    expect(readClip(request({ startMs: 2000, endMs: 3000 }), probe)).toEqual({ startMs: 2000, endMs: 3000 });
    expect(readClip(request({ startMs: 9999, endMs: 99_000 }), probe)).toEqual({ startMs: 9999, endMs: 10_000 });
  });

  it.each([
    [3000, 2000],
    [2000, 2000],
    [10_000, undefined],
    [0, 0],
  ])('from %s to %s is empty, which is a usage error with the figures', (startMs, endMs) => {
    expect(() => readClip(request({ startMs, endMs }), probe)).toThrow(
      expect.objectContaining({
        code: 'ERR_USAGE',
        details: expect.objectContaining({ why: expect.stringMatching(/^Start \d+ s, end \d+ s, film 10 s\.$/) }),
      }),
    );
  });
});

describe('wishes', () => {
  const candidates = ['asr', 'synthesize'].map((role) => ({ definition: { role } }) as Candidate);
  const wishes = (change: Partial<JobRequest>) => readWishes(request(change), candidates);

  it('for engines are kept by role, the last one counting', () => {
    const { engineFor } = wishes({ engines: ['asr=a', 'asr=b'] });
    expect([engineFor('asr'), engineFor('synthesize')]).toEqual(['b', undefined]);
  });

  it('for voices are for one language or for all that have none of their own', () => {
    const { voiceFor } = wishes({ voices: ['heart', 'pt_br=luzia'] });
    expect(voiceFor('synthesize', 'pt-BR')).toBe('luzia');
    expect(voiceFor('synthesize', 'es')).toBe('heart');
    expect(voiceFor('asr', 'es')).toBeUndefined();
  });

  it.each(['moonshine', 'ars=moonshine', '=x', ''])(
    'an engine asked for as %j is a usage error that lists the roles',
    (text) => {
      expect(() => wishes({ engines: [text] })).toThrow(
        expect.objectContaining({
          code: 'ERR_USAGE',
          details: expect.objectContaining({ why: 'Roles: asr, synthesize.' }),
        }),
      );
    },
  );

  it('a voice for an unknown language is refused', () => {
    expect(() => wishes({ voices: ['qqqq=x'] })).toThrow(expect.objectContaining({ code: 'ERR_LANGUAGE_UNKNOWN' }));
  });
});
