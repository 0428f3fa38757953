import { Failure } from '../contract/failure.ts';
import type { Probe } from '../contract/media.ts';
import type { OfflinePolicy } from '../contract/offline.ts';
import type { Role } from '../contract/roles/index.ts';
import type { WorkflowSpec } from '../contract/workflow.ts';
import { canonicalLanguage, suggestLanguage } from '../util/languages.ts';
import { didYouMean } from '../util/nearest.ts';
import type { Candidate } from './choose-engine.ts';
import type { JobLanguages } from './expand-workflow.ts';

/** What the user asked for, as typed. */
export interface JobRequest {
  readonly media: string;
  readonly source: string;
  readonly targets: readonly string[];
  /** undefined: all targets, when the workflow dubs. */
  readonly dubInto?: readonly string[] | undefined;
  readonly startMs?: number | undefined;
  readonly endMs?: number | undefined;
  readonly audioStream?: number | string | undefined;
  /** `role=name`. */
  readonly engines: readonly string[];
  /** `stage.param=value`. */
  readonly settings: readonly string[];
  /** `voice` for every dubbed language, or `lang=voice`. */
  readonly voices: readonly string[];
  /** Language whose subtitles become part of the picture. */
  readonly burnIn?: string | undefined;
  readonly name?: string | undefined;
  readonly id?: string | undefined;
  readonly commercial: boolean;
  readonly acceptDamaged: boolean;
  /** How the network is denied when the job runs; guard unless told. */
  readonly offline?: OfflinePolicy | undefined;
}

function readLanguage(input: string, flag: string): string {
  const tag = canonicalLanguage(input);
  if (tag !== undefined) return tag;
  const meant = suggestLanguage(input);
  throw new Failure(
    'ERR_LANGUAGE_UNKNOWN',
    `${flag} ${JSON.stringify(input)} is not a language babelreel knows.${meant === undefined ? '' : ` Did you mean ${meant}?`}`,
    {
      why: 'Languages are BCP-47 tags such as en, pt-BR, hi, zh-Hans (config/languages.json).',
      fix: ['./babelreel.sh engines'],
    },
  );
}

/** Languages of the job, canonical. @throws Failure ERR_LANGUAGE_UNKNOWN, ERR_USAGE */
export function readLanguages(request: JobRequest, workflow: WorkflowSpec): JobLanguages {
  const source = readLanguage(request.source, '--source');
  const targets = [...new Set(request.targets.map((tag) => readLanguage(tag, '--target')))];
  const usage = (message: string, why?: string): Failure =>
    new Failure('ERR_USAGE', message, { ...(why !== undefined && { why }), fix: ['./prepare-job.sh --help'] });
  if (targets.includes(source))
    throw usage(
      `The target ${source} is the language of the film.`,
      'A translation needs another language than the source.',
    );
  if (workflow.targets === 'none' && targets.length > 0)
    throw usage(
      `Workflow ${workflow.id} takes no target language.`,
      'Use translate, subtitle or dub for translations.',
    );
  if (workflow.targets === 'required' && targets.length === 0)
    throw usage(`Workflow ${workflow.id} needs at least one target language (-t).`);
  const dubs = workflow.stages.some((stage) => stage.each === 'dub');
  if (!dubs && request.dubInto !== undefined)
    throw usage(`Workflow ${workflow.id} makes no dub, so --dub-into means nothing.`);
  if (!dubs && request.voices.length > 0)
    throw usage(`Workflow ${workflow.id} makes no dub, so --voice means nothing.`);
  const dubInto = dubs ? [...new Set((request.dubInto ?? targets).map((tag) => readLanguage(tag, '--dub-into')))] : [];
  for (const tag of dubInto)
    if (!targets.includes(tag)) throw usage(`--dub-into ${tag} is not among the targets ${targets.join(', ')}.`);
  return { source, targets, dubInto };
}

/** The language to burn in, one of the job's, or null. @throws Failure ERR_LANGUAGE_UNKNOWN, ERR_USAGE */
export function readBurnIn(request: JobRequest, languages: JobLanguages, workflow: WorkflowSpec): string | null {
  if (request.burnIn === undefined) return null;
  const tag = readLanguage(request.burnIn, '--burn-in');
  const here = [languages.source, ...languages.targets];
  const usage = (message: string): Failure => new Failure('ERR_USAGE', message, { fix: ['./prepare-job.sh --help'] });
  if (!workflow.stages.some(({ stage }) => stage === 'mux')) {
    throw usage(`Workflow ${workflow.id} makes no film, so --burn-in means nothing.`);
  }
  if (!here.includes(tag)) throw usage(`--burn-in ${tag} is not among the languages of the job: ${here.join(', ')}.`);
  return tag;
}

/** The clip in film time; an end beyond the film's is the film's. @throws Failure ERR_USAGE */
export function readClip(request: JobRequest, probe: Probe): { startMs: number; endMs: number } {
  const startMs = request.startMs ?? 0;
  const endMs = Math.min(request.endMs ?? probe.durationMs, probe.durationMs);
  if (startMs >= endMs) {
    throw new Failure('ERR_USAGE', 'The clip is empty: it would start at or after its end.', {
      why: `Start ${startMs / 1000} s, end ${endMs / 1000} s, film ${probe.durationMs / 1000} s.`,
      fix: ['./prepare-job.sh --help'],
    });
  }
  return { startMs, endMs };
}

interface Wishes {
  engineFor(role: Role): string | undefined;
  voiceFor(role: Role, language: string): string | undefined;
}

/** `--engine` and `--voice`. @throws Failure ERR_USAGE */
export function readWishes(request: JobRequest, candidates: readonly Candidate[]): Wishes {
  const roles = new Set(candidates.map((candidate) => candidate.definition.role as string));
  const engines = new Map<string, string>();
  for (const text of request.engines) {
    const [role, name] = text.split('=', 2);
    if (role === undefined || name === undefined || !roles.has(role)) {
      const hint = role === undefined || name === undefined ? '' : didYouMean(role, roles);
      throw new Failure('ERR_USAGE', `--engine ${JSON.stringify(text)} is not role=name.${hint}`, {
        why: `Roles: ${[...roles].sort().join(', ')}.`,
        fix: ['./babelreel.sh engines'],
      });
    }
    engines.set(role, name);
  }
  const voices = new Map<string, string>();
  for (const text of request.voices) {
    const equals = text.indexOf('=');
    if (equals === -1) voices.set('', text);
    else voices.set(readLanguage(text.slice(0, equals), '--voice'), text.slice(equals + 1));
  }
  return {
    engineFor: (role) => engines.get(role),
    voiceFor: (role, language) => (role === 'synthesize' ? (voices.get(language) ?? voices.get('')) : undefined),
  };
}
