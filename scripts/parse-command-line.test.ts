import { afterEach, describe, expect, it, vi } from 'vitest';
import { COMMAND_LINES, type CommandLine, type CommandName } from './command-lines.ts';
import { parseCommandLine } from './parse-command-line.ts';

const prepare = (...args: readonly string[]) =>
  parseCommandLine('prepare-job', ['-m', 'a.mp4', '-w', 'dub', '-s', 'en', ...args]);
const run = (...args: readonly string[]) => parseCommandLine('run-pipeline', args);
afterEach(() => {
  vi.unstubAllEnvs();
});

describe('a command line', () => {
  it('gives every option: lists empty and switches off when they were not given', async () => {
    expect(await prepare()).toEqual({
      media: 'a.mp4',
      workflow: 'dub',
      source: 'en',
      target: [],
      'dub-into': [],
      start: undefined,
      end: undefined,
      'audio-stream': undefined,
      engine: [],
      set: [],
      voice: [],
      name: undefined,
      commercial: false,
      'accept-damaged': false,
      json: false,
      positional: undefined,
    });
  });

  it('takes lists by commas and by repeated flags alike, and empty parts for nothing', async () => {
    expect(await prepare('-t', 'pt-BR,es', '--target', ' fr ,')).toMatchObject({ target: ['pt-BR', 'es', 'fr'] });
    expect(await prepare('--target=es')).toMatchObject({ target: ['es'] });
  });

  it('leaves commas and equals signs of --set alone', async () => {
    expect(await prepare('--set', 'mix.text=a,b=c', '--set=x.y=1')).toMatchObject({ set: ['mix.text=a,b=c', 'x.y=1'] });
  });

  it('keeps texts as they were typed, also those that look like numbers', async () => {
    expect(await prepare('--name', '007', '--start', '1e3', '--audio-stream', '0')).toMatchObject({
      name: '007',
      start: '1e3',
      'audio-stream': '0',
    });
    expect(await parseCommandLine('status', ['007'])).toMatchObject({ positional: '007' });
    expect(await parseCommandLine('status', ['0x10'])).toMatchObject({ positional: '0x10' });
  });

  it('lets --force stand alone or name a stage', async () => {
    expect(await run('-j', 'x')).toMatchObject({ job: 'x', force: undefined });
    expect(await run('-j', 'x', '--force')).toMatchObject({ force: '' });
    expect(await run('--force', '-j', 'x')).toMatchObject({ force: '', job: 'x' });
    expect(await run('-j', 'x', '--force', 'asr')).toMatchObject({ force: 'asr' });
  });

  it('takes several words without a flag where a command allows them', async () => {
    expect(await parseCommandLine('models verify', ['a', '--json', 'b'])).toEqual({
      json: true,
      positionals: ['a', 'b'],
    });
    expect(await parseCommandLine('models verify', [])).toMatchObject({ positionals: [] });
  });

  it('reads numbers as numbers', async () => {
    expect(await parseCommandLine('logs', ['x', '--since', '12'])).toMatchObject({ since: 12, positional: 'x' });
  });
});

describe('a command line that is wrong', () => {
  const fails = (name: CommandName, args: readonly string[]) =>
    parseCommandLine(name, args).catch((error: unknown) => error);

  it.each<[string, CommandName, readonly string[]]>([
    ['There is no flag --comercial. Did you mean --commercial?', 'prepare-job', ['--comercial']],
    ['There is no flag --frobnicate.', 'prepare-job', ['--frobnicate']],
    ['There is no flag -x.', 'run-pipeline', ['-x']],
    ['There is no flag --no-json.', 'jobs', ['--no-json']],
    ['There is no flag --dubInto. Did you mean --dub-into?', 'prepare-job', ['--dubInto', 'es']],
    ['--media is missing.', 'prepare-job', ['-w', 'dub', '-s', 'en']],
    ['--workflow is missing.', 'prepare-job', ['-m', 'a.mp4', '-s', 'en']],
    ['--media needs a value.', 'prepare-job', ['-s', 'en', '--media']],
    ['--media needs a value.', 'prepare-job', ['-m', '-s', 'en']],
    ['--target needs a value.', 'prepare-job', ['-m', 'a.mp4', '-t']],
    ['--media was given 2 times.', 'prepare-job', ['-m', 'a', '-m', 'b', '-w', 'dub', '-s', 'en']],
    ['--since needs a number.', 'logs', ['x', '--since', 'soon']],
    ['"b" is one argument too many.', 'status', ['a', 'b']],
    ['"a" is one argument too many.', 'jobs', ['a']],
    ['ID is missing.', 'explain', []],
    ['--form is not "flad". Did you mean flat?', 'models export', ['--to', 'x', '--form', 'flad']],
  ])('says: %s', async (message, name, args) => {
    const { launcher } = COMMAND_LINES[name];
    expect(await fails(name, args)).toMatchObject({
      code: 'ERR_USAGE',
      message,
      details: { fix: [`${launcher} --help`] },
    });
  });
});

/** What `--help` prints for a command. */
async function help(name: CommandName): Promise<string> {
  const printed: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  try {
    expect(await parseCommandLine(name, ['--help'])).toBeUndefined();
  } finally {
    write.mockRestore();
  }
  return printed.join('');
}

describe('--help', () => {
  const names = Object.keys(COMMAND_LINES) as CommandName[];

  it.each(names)('of %s names the command, every option and an example', async (name) => {
    const text = await help(name);
    const line: CommandLine = COMMAND_LINES[name];
    expect(text).toContain(line.launcher);
    for (const option of Object.keys(line.options)) expect(text).toContain(`--${option}`);
    expect(text.replace(/\s+/g, ' ')).toContain(line.purpose.replace(/\s+/g, ' '));
    expect(text).toContain('Examples:');
  });

  it('is English, whatever the language of the system', async () => {
    vi.stubEnv('LC_ALL', 'de_DE.UTF-8');
    expect(await help('jobs')).toContain('Options:');
  });
});
