import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/** True when a person sits there: questions go to stderr, answers come from stdin. */
export const canAsk = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true;

/** A question that is answered by yes or no; Enter is yes, the end of the input is no. */
export async function askYes(question: string, signal: AbortSignal): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const ended = new AbortController();
  lines.once('close', () => ended.abort());
  try {
    const answer = await lines.question(`${question} [Y/n] `, { signal: AbortSignal.any([signal, ended.signal]) });
    return /^(y(es)?)?$/i.test(answer.trim());
  } catch (error) {
    signal.throwIfAborted();
    if (ended.signal.aborted) return false;
    throw error;
  } finally {
    lines.close();
  }
}

/** A question whose answer is not shown; empty: undefined. */
export async function askSecret(question: string, signal: AbortSignal): Promise<string | undefined> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true });
  // Only now, when the terminal shows nothing any more: whoever answers at once must not be seen either.
  process.stderr.write(question);
  try {
    const answer = (await lines.question('', { signal })).trim();
    return answer === '' ? undefined : answer;
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
