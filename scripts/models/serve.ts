import { once } from 'node:events';
import { serveMirror } from '../../shared/models/mirror/serve-mirror.ts';
import { formatModelRequest, formatModelServer } from '../../shared/report/format-model-request.ts';
import type { Invocation } from '../babelreel.ts';
import { parseCommandLine } from '../parse-command-line.ts';
import { catchStopSignals } from '../stop-signals.ts';
import { openStore } from './open-store.ts';

const PORT = 8641;
const LOOPBACK = /^(127\.|localhost$|::1$)/;

/** `./babelreel.sh models serve`: until Ctrl-C, which is its proper end. */
export async function run({ args, settings, projectDir }: Invocation): Promise<number> {
  const flags = await parseCommandLine('models serve', args);
  if (flags === undefined) return 0;
  using stop = catchStopSignals({ patience: 2, onLate: () => {} });
  using store = openStore(settings, projectDir);
  const host = flags.host ?? '127.0.0.1';
  const mirror = await serveMirror({
    ...store,
    host,
    port: flags.port ?? PORT,
    signal: stop.signal,
    onRequest(request) {
      if (flags.quiet) return;
      process.stderr.write(`${flags.json ? JSON.stringify(request) : formatModelRequest(request)}\n`);
    },
  });
  const { url, port } = mirror;
  const models = mirror.served();
  const text = flags.json
    ? JSON.stringify({ url, port, models })
    : formatModelServer({ url, models, isLocal: LOOPBACK.test(host) });
  process.stdout.write(`${text}\n`);
  if (!stop.signal.aborted) await once(stop.signal, 'abort');
  await mirror.close();
  return 0;
}
