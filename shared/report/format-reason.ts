import type { Reason } from '../contract/event.ts';

/** Why a stage runs or not, as the end of a line: `changed: params.beamSize: 5 -> 1`. */
export function formatReason(reason: Reason): string {
  switch (reason.kind) {
    case 'hit':
      return 'done already';
    case 'no-record':
      return 'not done yet';
    case 'forced':
      return 'forced';
    case 'object-missing':
      return `its output ${reason.port} is needed and gone`;
    case 'changed':
      return `changed: ${reason.changes.join(', ')}`;
    case 'pending':
      return `waits for ${reason.on.join(', ')}`;
    case 'not-needed':
      return 'not needed';
  }
}
