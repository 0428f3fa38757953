import type { OfflineProof } from '../contract/offline-proof.ts';
import { escapeText } from './escape-text.ts';
import { formatBytesShort } from './format-bytes.ts';
import { formatDuration } from './format-duration.ts';
import { renderTable } from './render-table.ts';

const METHODS: Readonly<Record<OfflineProof['method'], string>> = {
  netns: 'a network namespace without any interface',
  bwrap: 'a network namespace made by bwrap',
  'landlock+seccomp': 'Landlock and a seccomp filter',
  landlock: 'Landlock',
  seccomp: 'a seccomp filter',
  'sandbox-exec': 'sandbox-exec (unproven)',
};

/** A proof as some lines for a person. */
export function formatOfflineProof(proof: OfflineProof, path: string): string {
  const { control, deliverables } = proof;
  const same = deliverables.filter(({ sameAsOwnRun }) => sameAsOwnRun === true).length;
  const other = deliverables.filter(({ sameAsOwnRun }) => sameAsOwnRun === false).map(({ to }) => to);
  const known = deliverables.filter(({ sameAsOwnRun }) => sameAsOwnRun !== null).length;
  const rows = [
    ['cut off by', METHODS[proof.method]],
    ['control', `${control.tries.length} ways out were tried in Python and Node; none got out`],
    ['attempts', `${proof.attempts.length} seen`],
    [
      'engine calls',
      Object.entries(proof.calls)
        .map(([engine, calls]) => `${engine} ${calls}`)
        .join(', '),
    ],
    ['tool starts', `ffmpeg ${proof.toolCalls.ffmpeg}, ffprobe ${proof.toolCalls.ffprobe}`],
    [
      'models',
      proof.models.map(({ id, digest }) => `${id} ${digest?.slice(7, 19) ?? 'unlocked'}`).join(', ') || 'none',
    ],
    [
      'delivered',
      `${deliverables.length} files, ${formatBytesShort(deliverables.reduce((sum, { bytes }) => sum + bytes, 0))}`,
    ],
    ...(known > 0 ? [['compared', `${same} of ${known} have the bytes of the job's own run`]] : []),
    ...(other.length > 0 ? [['different', other.join(', ')]] : []),
  ];
  return [
    `✓ Job ${escapeText(proof.jobId)} works without a network (${formatDuration(proof.seconds)}).`,
    ...renderTable(rows, { indent: '  ' }),
    `  proof: ${escapeText(path)}`,
    '',
  ].join('\n');
}
