import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Job, Refused, serve } from '../../../../shared/worker/worker.ts';
import { fromStream, type Translated, toStream } from './apertium-text.ts';
import { type Pipeline, parseMode, startPipeline } from './mode-pipeline.ts';

interface Request {
  readonly text: string;
  readonly source: string;
  readonly target: string;
}

type Translate = (text: string) => Promise<Translated>;

/** The programs that run now; a second load must not leave the first ones behind. */
let pipeline: Pipeline | undefined;

const load = async (job: Job): Promise<Translate> => {
  const mode = readFileSync(join(job.models[0]?.path ?? '/', 'modes', 'eng-spa.mode'), 'utf8');
  const commands = parseMode(mode);
  pipeline?.close();
  const translate: Translate = async (source) => {
    // A program that died took one request with it; the next one gets fresh programs.
    if (pipeline?.alive() !== true) pipeline = startPipeline(commands);
    const { stream, added } = toStream(source);
    return fromStream(await pipeline.ask(stream), added);
  };
  const { text } = await translate('Good morning.');
  if (!/buen/i.test(text)) throw new Refused('ERR_MODEL_CORRUPT', `a greeting came back as ${JSON.stringify(text)}`);
  return translate;
};

await serve<Translate, Request>({
  engine: 'translate/apertium',
  load,
  run: async (translate, request) => {
    if (request.source.split('-')[0] !== 'en' || request.target.split('-')[0] !== 'es')
      throw new Refused('ERR_LANGUAGE_PAIR', `English to Spanish only, not ${request.source} to ${request.target}`);
    if (!/\p{L}/u.test(request.text)) return { value: { text: request.text.trim(), unknownWords: [] } };
    return { value: { ...(await translate(request.text)) } };
  },
});
