import { basename } from 'node:path';
import type { NetworkDenial, OfflinePolicy } from '../shared/contract/offline.ts';
import type { StageRecord } from '../shared/contract/record.ts';
import type { ReportData, ReportEngine, ReportFigures } from '../shared/contract/report.ts';
import type { EngineEntry } from '../shared/engines/registry.ts';
import { describeOffline } from '../shared/report/describe-offline.ts';
import type { RunResult } from '../shared/runner/run-job.ts';

/** Everything a report says about a finished run, from its records: hits count like what was computed now. */
export function collectReport(
  result: RunResult,
  options: {
    readonly app: string;
    readonly engines: ReadonlyMap<string, EngineEntry>;
    readonly policy: OfflinePolicy;
    readonly denial: NetworkDenial;
  },
): ReportData {
  const { manifest, records } = result;
  const ran = new Set(result.ran);
  return {
    schema: 'report/1',
    jobId: manifest.id,
    app: options.app,
    workflow: manifest.workflow,
    outcome: 'done',
    seconds: result.seconds,
    media: {
      name: basename(manifest.media.path),
      durationMs: manifest.media.probe.durationMs,
      clip: manifest.media.clip,
    },
    languages: manifest.languages,
    stages: manifest.stages.map((stage) => {
      const record = records.get(stage.id);
      return {
        id: stage.id,
        state: record === undefined ? 'not-run' : ran.has(stage.id) ? 'run' : 'hit',
        seconds: record?.seconds ?? null,
        engines: Object.values(stage.engines),
        figures: record?.figures ?? {},
      };
    }),
    warnings: manifest.stages.flatMap(({ id }) =>
      (records.get(id)?.warnings ?? []).map((warning) => ({ ...warning, stage: id })),
    ),
    engines: collectEngines(result, options.engines),
    figures: collectFigures(records),
    deliverables: result.delivered.map(({ to, status, bytes }) => ({ to, bytes, status })),
    offline: describeOffline({ policy: options.policy, denial: options.denial, attempts: result.attempts }),
    attempts: result.attempts,
    toolCalls: result.toolCalls,
  };
}

function collectEngines(
  { manifest, records }: RunResult,
  engines: ReadonlyMap<string, EngineEntry>,
): readonly ReportEngine[] {
  const used = new Set(manifest.stages.flatMap((stage) => Object.values(stage.engines)));
  return [...used].flatMap((id) => {
    const definition = engines.get(id)?.definition;
    if (definition === undefined) return [];
    const calls = [...records.values()].reduce((sum, record) => sum + (record.engineCalls[id] ?? 0), 0);
    const { version, licence, worth, weakness } = definition;
    return [{ id, version, licence, worth, weakness, calls }];
  });
}

/** Sums a figure over all instances of a stage; null when the job has no such stage. */
function collectFigures(records: ReadonlyMap<string, StageRecord>): ReportFigures {
  const sum = (stage: string, figure: string): number | null => {
    const found = [...records.entries()].filter(([, record]) => record.key.stage === stage);
    return found.length === 0 ? null : found.reduce((total, [, record]) => total + (record.figures[figure] ?? 0), 0);
  };
  return {
    words: sum('asr', 'words'),
    utterances: sum('segment', 'utterances'),
    speechMs: sum('vad', 'speechMs'),
    speechWithTextMs: sum('asr', 'speechMsWithText'),
    cues: sum('subtitle', 'cues'),
    estimatedWords: sum('align', 'estimatedWords'),
    linesThatDoNotFit: sum('synthesize', 'linesThatDoNotFit'),
  };
}
