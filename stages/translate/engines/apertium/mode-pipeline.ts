import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

/** The programs of one translation mode, kept running and connected by pipes. */
export interface Pipeline {
  /** Sends one text in the programs' own format and gives what comes out; one at a time. */
  ask(text: string): Promise<string>;
  /** False once any program has ended: then every `ask` fails. */
  alive(): boolean;
  close(): void;
}

const NUL = 0;

/**
 * A mode file is one line of programs with quoted file names, joined by bars: `lt-proc '/a/b.bin' | apertium-tagger -g $2 '/a/c.prob'`.
 * `$1` stands for the generator's mode (`-g`: mark what it does not know), `$2` for a debugging switch. Each program also gets `-z`:
 * answer at every NUL instead of at the end of input.
 * @throws Error when the line has anything else in it that a shell would act on
 */
export function parseMode(line: string): readonly (readonly string[])[] {
  return line
    .trim()
    .split('|')
    .map((command) => {
      const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => {
        if (quoted !== undefined) return quoted;
        if (bare === '$1') return '-g';
        if (bare === '$2') return '';
        if (bare === undefined || !/^[\w./:-]+$/.test(bare))
          throw new Error(`the mode file has an unexpected ${String(bare)}`);
        return bare;
      });
      const [program, ...rest] = words.filter((word) => word !== '');
      if (program === undefined) throw new Error('the mode file has an empty command');
      return [program, '-z', ...rest];
    });
}

/** Starts the programs without a shell. They end by themselves when this process does: the end of the first one's input runs through. */
export function startPipeline(commands: readonly (readonly string[])[]): Pipeline {
  const programs: ChildProcess[] = [];
  let failure: Error | undefined;
  let waiting: { readonly resolve: (text: string) => void; readonly reject: (error: Error) => void } | undefined;
  let parts: Buffer[] = [];
  let from: Readable | undefined;

  const fail = (error: Error): void => {
    failure ??= error;
    for (const program of programs) program.kill('SIGKILL');
    waiting?.reject(failure);
    waiting = undefined;
  };

  for (const [program = '', ...argv] of commands) {
    const child = spawn(program, argv, { stdio: [from ?? 'pipe', 'pipe', 'inherit'] });
    // The next program has its own copy; ours would keep the pipe open after it is gone.
    from?.destroy();
    child.on('error', fail);
    child.on('exit', (code, signal) => fail(new Error(`${program} ended (${signal ?? code})`)));
    programs.push(child);
    from = child.stdout ?? undefined;
  }
  const input = programs[0]?.stdin as Writable;
  const output = from as Readable;
  input.on('error', fail);
  output.on('data', (chunk: Buffer) => {
    const end = chunk.indexOf(NUL);
    if (end < 0) {
      parts.push(chunk);
      return;
    }
    const text = Buffer.concat([...parts, chunk.subarray(0, end)]).toString('utf8');
    parts = [];
    const asked = waiting;
    waiting = undefined;
    asked?.resolve(text);
  });

  return {
    ask: (text) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) return reject(failure);
        if (waiting !== undefined) return reject(new Error('one text at a time'));
        waiting = { resolve, reject };
        input.write(`${text}\0`);
      }),
    alive: () => failure === undefined,
    close: () => fail(new Error('closed')),
  };
}
