import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Job, Refused, serve } from '../../../../shared/worker/worker.ts';
import { fromStream, toStream } from './apertium-text.ts';
import { type Pipeline, parseMode, startPipeline } from './mode-pipeline.ts';

interface State {
  readonly commands: readonly (readonly string[])[];
  pipeline: Pipeline;
}

interface Request {
  readonly text: string;
  readonly source: string;
  readonly target: string;
}

const load = async (job: Job): Promise<State> => {
  const root = job.models[0]?.path ?? '/';
  const commands = parseMode(readFileSync(join(root, 'modes', 'eng-spa.mode'), 'utf8'));
  const state = { commands, pipeline: startPipeline(commands) };
  const { text } = await translate(state, 'Good morning.');
  if (!/buen/i.test(text)) throw new Refused('ERR_MODEL_CORRUPT', `a greeting came back as ${JSON.stringify(text)}`);
  return state;
};

const translate = async (state: State, source: string): Promise<ReturnType<typeof fromStream>> => {
  // A program that died took one request with it; the next one gets fresh programs.
  if (!state.pipeline.alive()) state.pipeline = startPipeline(state.commands);
  const { stream, added } = toStream(source);
  return fromStream(await state.pipeline.ask(stream), added);
};

await serve<State, Request>({
  engine: 'translate/apertium',
  load,
  run: async (state, request) => {
    if (request.source.split('-')[0] !== 'en' || request.target.split('-')[0] !== 'es')
      throw new Refused('ERR_LANGUAGE_PAIR', `English to Spanish only, not ${request.source} to ${request.target}`);
    if (!/\p{L}/u.test(request.text)) return { value: { text: request.text.trim(), unknownWords: [] } };
    return { value: { ...(await translate(state, request.text)) } };
  },
});
