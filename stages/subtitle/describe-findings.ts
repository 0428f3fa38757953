import type { Cue } from '../../shared/contract/cue.ts';
import type { Warning } from '../../shared/contract/stage.ts';
import type { CueFinding, CueRule } from '../../shared/subtitles/check-cues.ts';
import { formatMilliseconds } from '../../shared/subtitles/time-code.ts';

const WORDS: Readonly<Record<CueRule, { readonly what: string; readonly unit: string }>> = {
  'too-fast': { what: 'must be read too fast', unit: 'characters a second' },
  'line-too-long': { what: 'have a line that is too wide', unit: 'characters' },
  'too-many-lines': { what: 'have too many lines', unit: 'lines' },
  'too-short': { what: 'are shown too short', unit: 'ms' },
  'too-long': { what: 'are shown too long', unit: 'ms' },
  'gap-too-small': { what: 'stand too close to the next one', unit: 'ms' },
  overlap: { what: 'overlap the next one', unit: 'ms' },
};

/** One warning for each rule that was broken, with the number of cues, the first of them and the worst figure's limit. */
export function describeFindings(cues: readonly Cue[], findings: readonly CueFinding[]): Warning[] {
  const byRule = Map.groupBy(findings, (finding) => finding.rule);
  return [...byRule].flatMap(([rule, found]) => {
    const [first] = found;
    const cue = first === undefined ? undefined : cues[first.cue];
    if (first === undefined || cue === undefined) return [];
    const { what, unit } = WORDS[rule];
    const where = `cue ${first.cue + 1} at ${formatMilliseconds(cue.startMs, '.')}`;
    return [
      {
        code: `cue-${rule}`,
        message: `${found.length} of ${cues.length} cues ${what} (limit ${first.limit} ${unit}); the first is ${where} with ${first.value}.`,
        data: {
          cues: found.length,
          firstCue: first.cue + 1,
          firstStartMs: cue.startMs,
          value: first.value,
          limit: first.limit,
        },
      },
    ];
  });
}
