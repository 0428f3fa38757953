import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { SubtitleProfile } from '../../shared/contract/cue.ts';
import { Language } from '../../shared/contract/language.ts';
import { file, stream } from '../../shared/contract/ports.ts';
import { defineStage } from '../../shared/contract/stage.ts';
import { Utterance } from '../../shared/contract/utterance.ts';
import { writeAss } from '../../shared/subtitles/ass.ts';
import { type CueRule, checkCues } from '../../shared/subtitles/check-cues.ts';
import { cutCues } from '../../shared/subtitles/cut-cues.ts';
import { writeSubtitleJson } from '../../shared/subtitles/json.ts';
import { writeSrt } from '../../shared/subtitles/srt.ts';
import { writeTxt } from '../../shared/subtitles/txt.ts';
import { writeVtt } from '../../shared/subtitles/vtt.ts';
import { describeFindings } from './describe-findings.ts';

export const subtitle = defineStage({
  id: 'subtitle',
  purpose: 'cuts cues from utterances by a profile and writes SRT, WebVTT, ASS, text and JSON',
  params: z.object({ language: Language, profile: SubtitleProfile }),
  inputs: { utterances: stream(Utterance) },
  outputs: {
    srt: file('application/x-subrip'),
    vtt: file('text/vtt'),
    ass: file('text/x-ass'),
    txt: file('text/plain'),
    json: file('application/json'),
  },
  whole: true,
  // Intl.Segmenter decides where scripts without spaces may break
  tools: ['node.icu'],
  async run({ params: { language, profile }, inputs, outputs, warn, count }) {
    const utterances: Utterance[] = [];
    for await (const utterance of inputs.utterances) utterances.push(utterance);
    const cues = cutCues(utterances, profile);
    const findings = checkCues(cues, profile);
    const broken = (rule: CueRule): number => findings.filter((finding) => finding.rule === rule).length;

    await writeFile(outputs.srt.path, writeSrt(cues));
    await writeFile(outputs.vtt.path, writeVtt(cues));
    await writeFile(outputs.ass.path, writeAss(cues));
    await writeFile(outputs.txt.path, writeTxt(utterances));
    await writeFile(
      outputs.json.path,
      writeSubtitleJson({ schema: 'subtitle/1', language, profile: profile.id, cues, utterances }),
    );

    for (const warning of describeFindings(cues, findings)) warn(warning);
    count({
      utterances: utterances.length,
      cues: cues.length,
      cuesTooFast: broken('too-fast'),
      cuesTooShort: broken('too-short'),
      linesTooLong: broken('line-too-long'),
      shownMs: cues.reduce((sum, cue) => sum + cue.endMs - cue.startMs, 0),
    });
  },
});
