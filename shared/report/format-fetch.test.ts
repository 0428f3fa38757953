import { describe, expect, it } from 'vitest';
import { formatFetched, formatFetchPlan, type PlannedModel } from './format-fetch.ts';
import { formatModelSets, licenceOf, sizeOf } from './format-model-sets.ts';

const model: PlannedModel = {
  id: 'asr.one',
  missingBytes: 3_000_000_000,
  knownBytes: 0,
  licence: 'MIT',
  commercial: 'yes',
  acceptUrl: null,
  environment: null,
};
const space = { freeBytes: 50e9, store: '/models' };

describe('the plan of a download', () => {
  it('says the total in both units, the minutes and the room', () => {
    const text = formatFetchPlan([model, { ...model, id: 'asr.two', missingBytes: 1e9 }], space);
    expect(text).toMatch(/asr\.one +3\.00 GB \/ 2\.79 GiB +MIT/);
    expect(text).toContain('Total 4.00 GB / 3.73 GiB, about 5 min at 100 Mbit/s; 50.0 GB free for /models');
  });

  it('is honest about sizes that nobody knows yet', () => {
    const text = formatFetchPlan(
      [
        model,
        { ...model, id: 'asr.two', missingBytes: null },
        { ...model, id: 'asr.three', missingBytes: null, knownBytes: 5e8 },
      ],
      space,
    );
    expect(text).toMatch(/asr\.two +not known yet/);
    expect(text).toMatch(/asr\.three +≥ 500\.00 MB/);
    expect(text).toContain('Total at least 3.50 GB / 3.26 GiB, more than 5 min');
  });

  it('names the page on which terms are accepted', () => {
    const acceptUrl = 'https://huggingface.co/org/name';
    expect(formatFetchPlan([{ ...model, acceptUrl }], space)).toContain(
      `asr.one is gated: accept its terms at ${acceptUrl}`,
    );
  });

  it('says that nothing has to be fetched', () => {
    const text = formatFetchPlan([{ ...model, missingBytes: 0 }], space);
    expect(text).toBe('Nothing has to be fetched.\nStored already: asr.one\n');
  });
});

describe('the end of a download', () => {
  it('counts what is stored and tells why something is not', () => {
    const text = formatFetched([
      { id: 'a', result: 'fetched', fetchedBytes: 2e9, linkedBytes: 1e6, seconds: 61, why: '' },
      { id: 'b', result: 'failed', fetchedBytes: 0, linkedBytes: 0, seconds: 1, why: 'The token was refused.' },
    ]);
    expect(text).toContain('✓  a  fetched  2.00 GB / 1.86 GiB in 1 m 01 s; 1.0 MB shared with another model');
    expect(text).toContain('✗  b  failed   The token was refused.');
    expect(text).toMatch(/everything stored: no, 1 of 2\n$/);
  });
});

describe('the flags of cache-models', () => {
  const one = {
    id: 'a.b',
    bytes: 1e9,
    locked: true,
    licence: 'MIT',
    commercial: 'yes',
    gated: false,
    languages: [],
  } as const;

  it('show a sum from the registry, with what is not known marked', () => {
    const text = formatModelSets([
      {
        flag: 'some',
        purpose: 'Something',
        all: true,
        models: [one, { ...one, id: 'c.d', bytes: 5e8, locked: false, gated: true }],
        perLanguage: [{ ...one, id: 'e.f', languages: ['hi'] }],
        alternatives: [],
      },
    ]);
    expect(text).toContain('--some (in --all): Something; ≥ 1.50 GB / 1.40 GiB');
    expect(text).toMatch(/c\.d +≥ 500\.00 MB \/ 476\.84 MiB +MIT, terms to accept/);
    expect(text).toMatch(/e\.f .*with --lang hi/);
  });

  it('name sizes and licences plainly', () => {
    expect(sizeOf({ bytes: 0, locked: false })).toBe('not known yet');
    expect(licenceOf({ licence: 'CC-BY-NC-4.0', commercial: 'no' })).toBe('CC-BY-NC-4.0 (not commercial)');
    expect(licenceOf({ licence: 'unstated', commercial: 'unstated' })).toBe('unstated');
  });
});
