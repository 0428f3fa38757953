import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { STAGES } from '../../stages/index.ts';
import type { WorkflowSpec } from '../contract/workflow.ts';
import { checkWiring, type ExpandedWorkflow, expandWorkflow, type JobLanguages } from './expand-workflow.ts';
import { findWorkflow, loadWorkflows } from './load-workflows.ts';

const workflows = loadWorkflows(fileURLToPath(new URL('../../config', import.meta.url)));
const languages = (targets: string[], dubInto: string[] = targets): JobLanguages => ({
  source: 'en',
  targets,
  dubInto,
});
const expand = (id: string, of: JobLanguages): ExpandedWorkflow =>
  expandWorkflow(findWorkflow(workflows, id), of, 'film');
const ids = ({ stages }: ExpandedWorkflow): string => stages.map(({ id }) => id).join(' ');
const files = ({ deliverables }: ExpandedWorkflow): string => deliverables.map(({ to }) => to).join(' ');
const RECOGNITION = 'extract vad asr align segment revise subtitle.en';

describe('the four workflows', () => {
  it('are these, and each is wired to ports that exist, for none to three targets', () => {
    expect([...workflows.keys()]).toEqual(['dub', 'subtitle', 'transcribe', 'translate']);
    for (const { id } of workflows.values()) {
      for (const targets of [[], ['es'], ['pt-BR', 'es', 'zh-Hans']]) {
        expect(() => checkWiring(id, expand(id, languages(targets)), STAGES)).not.toThrow();
      }
    }
  });

  it('transcribe recognises and delivers JSON, text and SRT of the source', () => {
    const expanded = expand('transcribe', languages([]));
    expect(ids(expanded)).toBe(RECOGNITION);
    expect(files(expanded)).toBe('film.en.json film.en.txt film.en.srt');
  });

  it('translate adds the same of each target, and no video', () => {
    const expanded = expand('translate', languages(['pt-BR', 'es']));
    expect(ids(expanded)).toBe(
      `${RECOGNITION} translate.pt-BR translate.es revise.pt-BR revise.es subtitle.pt-BR subtitle.es`,
    );
    expect(files(expanded)).toMatch(/film\.pt-BR\.json.*film\.es\.srt/);
    expect(files(expanded)).not.toMatch(/\.(mkv|mp4|m4a)/);
  });

  it('subtitle without a target makes the subtitles of the source and the film with them', () => {
    const expanded = expand('subtitle', languages([]));
    expect(ids(expanded)).toBe(`${RECOGNITION} mux`);
    expect(files(expanded)).toBe('film.en.srt film.en.vtt film.en.ass film.mkv film.mp4');
  });

  it('dub speaks only what it is asked to, and every subtitle goes into the film', () => {
    const expanded = expand('dub', languages(['pt-BR', 'es'], ['pt-BR']));
    expect(ids(expanded)).toMatch(/ synthesize\.pt-BR mix\.pt-BR mux$/);
    const mux = expanded.stages.at(-1);
    expect(mux?.inputs).toEqual({
      media: 'media.file',
      subtitles: ['subtitle.en.srt', 'subtitle.pt-BR.srt', 'subtitle.es.srt'],
      dubs: ['mix.pt-BR.audio'],
    });
    expect(files(expanded)).toContain('film.pt-BR.m4a');
    expect(files(expanded)).not.toContain('film.es.m4a');
  });

  it('give each instance its own language, and its parameters as the file has them', () => {
    const { stages } = expand('translate', languages(['pt-BR', 'es']));
    const of = (id: string) => stages.find((stage) => stage.id === id);
    expect(of('revise')).toMatchObject({
      stage: 'revise',
      language: 'en',
      inputs: { utterances: 'segment.utterances' },
    });
    expect(of('revise.pt-BR')).toMatchObject({
      stage: 'revise',
      language: 'pt-BR',
      inputs: { utterances: 'translate.pt-BR.utterances' },
    });
    expect(of('translate.es')?.params).toEqual({ source: '{source}', target: '{lang}' });
  });

  it('one recognition serves all targets', () => {
    const { stages } = expand('dub', languages(['pt-BR', 'es', 'fr']));
    for (const once of ['extract', 'vad', 'asr', 'align', 'segment', 'mux'])
      expect(stages.filter(({ stage }) => stage === once)).toHaveLength(1);
  });

  it('a mistyped workflow is a usage error with a suggestion', () => {
    expect(() => findWorkflow(workflows, 'subtitel')).toThrow(
      expect.objectContaining({ code: 'ERR_USAGE', message: expect.stringContaining('Did you mean subtitle?') }),
    );
  });
});

describe('the check of the wiring', () => {
  const spec = (change: Partial<WorkflowSpec>): WorkflowSpec => ({
    schema: 'workflow/1',
    id: 'mine',
    purpose: '',
    targets: 'none',
    stages: [
      { stage: 'extract', inputs: { media: 'media.file' } },
      { stage: 'vad', inputs: { speech: 'extract.speech' } },
    ],
    deliverables: [{ from: 'vad.regions', to: '{name}.jsonl' }],
    ...change,
  });
  const check = (change: Partial<WorkflowSpec>) => () =>
    checkWiring('mine', expandWorkflow(spec(change), languages([]), 'film'), STAGES);

  it('passes what is wired well', () => expect(check({})).not.toThrow());

  it.each<[string, Partial<WorkflowSpec>]>([
    ['there is no stage vda', { stages: [{ stage: 'vda', inputs: {} }] }],
    ['stage vad has no input sound', { stages: [{ stage: 'vad', inputs: { sound: 'media.file' } }] }],
    ['no earlier stage extract is there', { stages: [{ stage: 'vad', inputs: { speech: 'extract.speech' } }] }],
    [
      'extract has no output voice',
      {
        stages: [
          { stage: 'extract', inputs: { media: 'media.file' } },
          { stage: 'vad', inputs: { speech: 'extract.voice' } },
        ],
      },
    ],
    ['film.txt reads asr.text', { deliverables: [{ from: 'asr.text', to: '{name}.txt' }] }],
    ['vad has no output text', { deliverables: [{ from: 'vad.text', to: '{name}.txt' }] }],
  ])('says what is wrong: %s', (why, change) => {
    expect(check(change)).toThrow(
      expect.objectContaining({
        code: 'ERR_CONFIG_INVALID',
        details: expect.objectContaining({ why: expect.stringContaining(why) }),
      }),
    );
  });

  it('finds a stage that reads one that comes later', () => {
    const [extract, vad] = spec({}).stages;
    if (!extract || !vad) throw new Error('no stages');
    expect(check({ stages: [vad, extract] })).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }));
  });
});
