import { z } from 'zod';
import { stream } from '../../shared/contract/ports.ts';
import { defineStage } from '../../shared/contract/stage.ts';
import { Utterance } from '../../shared/contract/utterance.ts';

/** The place where a person's corrections enter; without any, utterances pass unchanged. */
export const revise = defineStage({
  id: 'revise',
  purpose: 'Passes the lines on, with the corrections made by hand.',
  params: z.object({}),
  inputs: { utterances: stream(Utterance) },
  outputs: { utterances: stream(Utterance) },
  async run({ inputs, outputs }) {
    for await (const utterance of inputs.utterances) await outputs.utterances.write(utterance);
  },
});
