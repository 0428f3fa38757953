import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../../shared/contract/failure.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The token for gated models: of `--token-file`, else as the hub's own tools find theirs: HF_TOKEN, the file HF_TOKEN_PATH, `token` in
 * HF_HOME or in ~/.cache/huggingface. Undefined when there is none. It is read here and only handed to the downloader.
 * @throws Failure ERR_USAGE for a token file that cannot be read or holds none
 */
export function findToken(tokenFile: string | undefined, env: Env): string | undefined {
  if (tokenFile !== undefined) return readTokenFile(tokenFile);
  const given = env.HF_TOKEN ?? env.HUGGING_FACE_HUB_TOKEN;
  if (given !== undefined && given.trim() !== '') return given.trim();
  const home = env.HF_HOME ?? join(env.HOME ?? homedir(), '.cache', 'huggingface');
  return readQuietly(env.HF_TOKEN_PATH ?? join(home, 'token'));
}

function readTokenFile(path: string): string {
  const refuse = (why: string): Failure =>
    new Failure('ERR_USAGE', 'The token file cannot be used.', {
      why: `${path} ${why}.`,
      safe: 'Nothing was fetched.',
      fix: [`ls -l '${path}'`],
    });
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw refuse(`cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  // The content is a secret, so the message says nothing of it.
  if (!/^[\x21-\x7e]{8,512}$/.test(text)) throw refuse('does not hold one line with one token');
  return text;
}

function readQuietly(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8').trim();
    return text === '' ? undefined : text;
  } catch {
    return undefined;
  }
}
