import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lightArguments } from './light-arguments.ts';
import { parseCommandLine } from './parse-command-line.ts';

const words = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('--json', '20261201-film-001', 'x') },
    fc.constantFrom(
      '',
      '-',
      '--',
      '-h',
      '--help',
      '--jso',
      '--json=true',
      '--no-json',
      '-j',
      '007',
      '1e3',
      '0x10',
      'a=b',
      'true',
      'false',
      '--__proto__',
      'ünï',
    ),
    fc.string({ maxLength: 6 }),
  ),
  { maxLength: 4 },
);

describe('the short way of reading arguments', () => {
  it.each(['status', 'jobs'] as const)('says the same as yargs for %s, or leaves it to yargs', async (command) => {
    let short = 0;
    await fc.assert(
      fc.asyncProperty(words, async (args) => {
        const light = lightArguments(args, ['json']);
        // As the commands do: one that takes no argument asks yargs as soon as there is one.
        if (light === undefined || (command === 'jobs' && light.positional !== undefined)) return;
        short += 1;
        const full = await parseCommandLine(command, args);
        expect(full).toEqual({ json: light.on.has('json'), positional: light.positional });
      }),
      { numRuns: 300 },
    );
    expect(short, 'the short way was hardly ever taken').toBeGreaterThan(20);
  });

  it('is taken for the plain forms', () => {
    expect(lightArguments([], ['json'])).toEqual({ positional: undefined, on: new Set() });
    expect(lightArguments(['x', '--json'], ['json'])).toEqual({ positional: 'x', on: new Set(['json']) });
    expect(lightArguments(['--quiet', '--json'], ['json', 'quiet'])?.on).toEqual(new Set(['quiet', 'json']));
  });

  it.each([
    [['--help']],
    [['-h']],
    [['a', 'b']],
    [['']],
    [['--jso']],
    [['--json=true']],
    [['--']],
    [['--json', 'true']],
  ])('is not taken for %j', (args) => expect(lightArguments(args, ['json'])).toBeUndefined());
});
