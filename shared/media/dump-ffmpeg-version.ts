import { Failure } from '../contract/failure.ts';
import { lastWords } from '../process/exit-failure.ts';
import { runProcess } from '../process/run-process.ts';

/**
 * The version of an ffmpeg program as it names itself, packaging suffix included: `5.1.9-0+deb12u1`.
 * @throws Failure ERR_SYSTEM_PACKAGE, ERR_MEDIA_TOOL
 */
export async function dumpFfmpegVersion(ffmpeg: string, env: Readonly<Record<string, string>>): Promise<string> {
  const result = await runProcess({ argv: [ffmpeg, '-hide_banner', '-version'], cwd: '/', env, timeoutMs: 20_000 });
  const version = /^ffmpeg version (\S+)/.exec(result.stdout)?.[1];
  if (version === undefined) {
    throw new Failure('ERR_MEDIA_TOOL', `${ffmpeg} does not tell its version.`, { why: lastWords(result.stderrTail) });
  }
  return version;
}
