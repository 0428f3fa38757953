import { Failure } from '../contract/failure.ts';
import { runProcess } from '../process/run-process.ts';
import { programPaths, SYSTEM_PATH, userPath } from './platform.ts';

/** A base interpreter: never one of a virtual environment, never a shim. */
export interface BasePython {
  /** Absolute path of the real program. */
  readonly path: string;
  /** `3.11.7`. */
  readonly version: string;
  /** It can make environments with pip in them by itself. */
  readonly hasVenv: boolean;
}

/** Asked of every candidate; a virtual environment answers with the interpreter it was made from. */
const QUESTION = `
import json, os, sys
from importlib.util import find_spec
base = getattr(sys, "_base_executable", None) or sys.executable
print(json.dumps({
    "path": os.path.realpath(base),
    "version": ".".join(map(str, sys.version_info[:3])),
    "hasVenv": find_spec("venv") is not None and find_spec("ensurepip") is not None,
}))
`;

async function ask(path: string, env: Readonly<Record<string, string>>): Promise<BasePython | null> {
  try {
    const { code, stdout } = await runProcess({ argv: [path, '-I', '-c', QUESTION], env, cwd: '/', timeoutMs: 30_000 });
    return code === 0 ? (JSON.parse(stdout) as BasePython) : null;
  } catch {
    return null;
  }
}

/**
 * The first interpreter of a Python minor version: `BABELREEL_PYTHON`, then `python3.N`, then `python3`, over the folders of PATH and
 * those of the system. A candidate that does not start or has another version is passed over.
 * @param minor `3.11`
 * @param env variables of installers; PATH says where to look
 * @throws Failure ERR_ENVIRONMENT with the line that installs one
 */
export async function findPython(minor: string, env: Readonly<Record<string, string>>): Promise<BasePython> {
  const told = env.BABELREEL_PYTHON;
  const folders = [...new Set([...userPath(env), ...SYSTEM_PATH, '/usr/local/bin'])];
  const candidates = new Set([
    ...(told === undefined ? [] : [told]),
    ...programPaths(`python${minor}`, folders),
    ...programPaths('python3', folders),
  ]);
  const seen: string[] = [];
  let withoutVenv: BasePython | null = null;
  for (const path of candidates) {
    const python = await ask(path, env);
    if (python?.version.startsWith(`${minor}.`)) {
      if (python.hasVenv) return python;
      withoutVenv ??= python;
    }
    seen.push(`${path} (${python?.version ?? 'does not start'})`);
  }
  if (withoutVenv !== null) return withoutVenv;
  throw new Failure('ERR_ENVIRONMENT', `Python ${minor} was not found.`, {
    why: seen.length === 0 ? 'There is no python3 on PATH.' : `Found only ${seen.join(', ')}.`,
    safe: 'Nothing was changed.',
    fix: [`sudo apt-get install -y python${minor} python${minor}-venv`, `uv python install ${minor}`],
  });
}
