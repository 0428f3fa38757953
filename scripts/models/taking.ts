import type { ImportReport } from '../../shared/models/transfer/import-report.ts';
import type { TransferOptions } from '../../shared/models/transfer/transfer-options.ts';
import { formatTaken, isTaken } from '../../shared/report/format-model-transfer.ts';
import type { LockHolder } from '../../shared/store/folder-lock.ts';
import { type StoreTask, waitNote } from './run-task.ts';

/** Something was wrong, or a model is not complete. */
const INCOMPLETE = 6;

/** What import and adopt have in common: the store, the models asked for, what is shown meanwhile. */
export const takingOptions = (model: readonly string[], { store, progress, signal }: StoreTask) => ({
  ...store,
  ...(model.length > 0 && { ids: model }),
  signal,
  onWait: (holder: LockHolder) => progress.note(waitNote(holder)),
  onProgress: (({ model: of, path, ...bytes }) =>
    progress.update({ ...bytes, now: `${of} ${path}` })) satisfies TransferOptions['onProgress'],
});

/** Prints what came in and gives the exit code. */
export function tellTaken(report: ImportReport, { json }: { readonly json: boolean }): number {
  process.stdout.write(`${json ? JSON.stringify(report) : formatTaken(report)}\n`);
  return isTaken(report) ? 0 : INCOMPLETE;
}
