import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineStage, forgetTypes } from '../contract/stage.ts';
import { expandParams, fillPlaceholders, parameterNames, parseSetting } from './fill-params.ts';

const definition = forgetTypes(
  defineStage({
    id: 'mix',
    purpose: '',
    params: z.object({
      duckDb: z.number().min(-60).max(0).default(-15),
      voice: z.string().optional(),
      fast: z.boolean().default(false),
      clipStartMs: z.number().nullable().default(null),
    }),
    inputs: {},
    outputs: {},
    run: async () => {},
  }),
);
const expand = (given: Record<string, unknown>, ...settings: readonly string[]) =>
  expandParams({ id: 'mix.es', definition }, given, settings.map(parseSetting));

describe('placeholders', () => {
  const values = {
    media: { durationMs: 1500, audioStream: 0 },
    clip: { startMs: null },
    lang: 'pt-BR',
    voice: undefined,
  };

  it('become their value, type and all', () => {
    const params = {
      ms: '{media.durationMs}',
      stream: '{media.audioStream}',
      start: '{clip.startMs}',
      language: '{lang}',
    };
    expect(fillPlaceholders(params, values)).toEqual({ ms: 1500, stream: 0, start: null, language: 'pt-BR' });
  });

  it('without a value leave the parameter out, so that its default holds', () => {
    expect(fillPlaceholders({ voice: '{voice}', none: '{media.nothing}', deep: '{no.such.path}' }, values)).toEqual({});
  });

  it('are only whole texts; everything else stays as it is', () => {
    const params = { text: 'in {lang}', number: 3, flag: false, list: ['{lang}'], empty: '' };
    expect(fillPlaceholders(params, values)).toEqual(params);
  });
});

describe('--set', () => {
  it.each([
    ['mix.duckDb=-12', 'mix', 'duckDb', '-12'],
    ['subtitle.pt-BR.maxLines=1', 'subtitle.pt-BR', 'maxLines', '1'],
    ['mix.voice=a=b.c', 'mix', 'voice', 'a=b.c'],
    ['mix.voice=', 'mix', 'voice', ''],
    ['mix.voice=two\nlines', 'mix', 'voice', 'two\nlines'],
  ])('%j is split at the last dot before the first equals sign', (text, stage, name, value) => {
    expect(parseSetting(text)).toEqual({ stage, name, value });
  });

  it.each(['', 'mix', 'mix.duckDb', 'duckDb=1', '.duckDb=1', 'mix.=1', '=1', 'mix.duck Db=1'])(
    '%j is a usage error',
    (text) => {
      expect(() => parseSetting(text)).toThrow(expect.objectContaining({ code: 'ERR_USAGE' }));
    },
  );
});

describe('the parameters of a stage', () => {
  it('are what was given, what was set and the defaults', () => {
    expect(expand({ voice: 'anna' }, 'mix.duckDb=-12', 'mix.fast=true', 'mix.clipStartMs=null')).toEqual({
      voice: 'anna',
      duckDb: -12,
      fast: true,
      clipStartMs: null,
    });
    expect(expand({})).toEqual({ duckDb: -15, fast: false, clipStartMs: null });
  });

  it('take the last of two settings, over what the workflow gives, and text that is no JSON as text', () => {
    expect(expand({ duckDb: -1 }, 'mix.duckDb=-2', 'mix.duckDb=-3', 'mix.voice=anna')).toMatchObject({
      duckDb: -3,
      voice: 'anna',
    });
  });

  it('that are not known are refused with a suggestion and all names', () => {
    expect(() => expand({}, 'mix.duckdB=1')).toThrow(
      expect.objectContaining({
        code: 'ERR_PARAMETER',
        message: expect.stringContaining('Did you mean duckDb?'),
        details: expect.objectContaining({ why: 'Parameters: duckDb, voice, fast, clipStartMs.' }),
      }),
    );
  });

  it.each(['mix.duckDb=5', 'mix.duckDb=loud', 'mix.fast=1', 'mix.voice=7'])(
    'refuse a value they cannot have: %s',
    (setting) => {
      const name = parseSetting(setting).name;
      expect(() => expand({}, setting)).toThrow(
        expect.objectContaining({
          code: 'ERR_PARAMETER',
          details: expect.objectContaining({ why: expect.stringContaining(name) }),
        }),
      );
    },
  );

  it('have no names when the schema is no object', () => {
    expect(parameterNames(z.string())).toEqual([]);
    expect(parameterNames(definition.params)).toContain('duckDb');
  });
});
