import { formatOfflineProof } from '../../shared/report/format-offline-proof.ts';
import { reportFailure } from '../../shared/report/report-failure.ts';
import { createTerminal } from '../../shared/report/terminal.ts';
import { stoppedByUser } from '../../shared/runner/run-stage.ts';
import type { Invocation } from '../babelreel.ts';
import { parseCommandLine } from '../parse-command-line.ts';
import { proofPath, proveOffline } from '../prove-offline.ts';
import { catchStopSignals } from '../stop-signals.ts';

/** Longer than the private run needs to stop cleanly. */
const PATIENCE_SECONDS = 4;

/** `./babelreel.sh prove-offline -j ID`. */
export async function run(invocation: Invocation): Promise<number> {
  const flags = await parseCommandLine('prove-offline', invocation.args);
  if (flags === undefined) return 0;
  const { settings, projectDir } = invocation;
  const { job: id, json } = flags;
  using stop = catchStopSignals({
    patience: settings.timeouts.cancel + PATIENCE_SECONDS,
    onLate: (exitCode) => reportFailure(stoppedByUser(), { json, projectDir, exitCode }),
  });
  using terminal = createTerminal({ stdout: process.stdout, stderr: process.stderr, quiet: false, json });
  const proof = await proveOffline({ id, invocation, signal: stop.signal, onEvent: terminal.onEvent });
  terminal.close();
  process.stdout.write(
    json ? `${JSON.stringify(proof)}\n` : formatOfflineProof(proof, proofPath(settings.roots.out, id)),
  );
  return 0;
}
