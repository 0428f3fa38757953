import type { AnyStage } from '../shared/contract/stage.ts';
import { forgetTypes } from '../shared/contract/stage.ts';
import { align } from './align/stage.ts';
import { asr } from './asr/stage.ts';
import { extract } from './extract/stage.ts';
import { mix } from './mix/stage.ts';
import { mux } from './mux/stage.ts';
import { revise } from './revise/stage.ts';
import { segment } from './segment/stage.ts';
import { subtitle } from './subtitle/stage.ts';
import { synthesize } from './synthesize/stage.ts';
import { translate } from './translate/stage.ts';
import { vad } from './vad/stage.ts';

/** The only list of stages. */
export const STAGES: ReadonlyMap<string, AnyStage> = new Map(
  [
    forgetTypes(extract),
    forgetTypes(vad),
    forgetTypes(asr),
    forgetTypes(align),
    forgetTypes(segment),
    forgetTypes(revise),
    forgetTypes(translate),
    forgetTypes(subtitle),
    forgetTypes(synthesize),
    forgetTypes(mix),
    forgetTypes(mux),
  ].map((stage) => [stage.id, stage]),
);
