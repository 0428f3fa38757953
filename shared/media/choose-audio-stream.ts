import { Failure } from '../contract/failure.ts';
import type { MediaStream, Probe } from '../contract/media.ts';
import { sameLanguage } from './media-language.ts';

/** A number counts audio streams from 0; a text is a language tag that must be there. */
export type AudioWish = number | string | undefined;

/**
 * Which audio stream to listen to, counted over audio streams from 0.
 * Without a wish: a stream tagged with the source language (of several, the default one), else the default stream, else the first.
 * @throws Failure ERR_MEDIA_NO_AUDIO, with the streams there are
 */
export function chooseAudioStream(probe: Probe, wish: AudioWish, sourceLanguage?: string): number {
  const audio = probe.streams.filter((stream) => stream.type === 'audio');
  if (audio.length === 0) {
    throw new Failure('ERR_MEDIA_NO_AUDIO', 'The file has no audio stream.', { why: listStreams(probe.streams) });
  }
  if (typeof wish === 'number') {
    if (audio[wish] !== undefined) return wish;
    throw new Failure('ERR_MEDIA_NO_AUDIO', `The file has no audio stream number ${wish}.`, { why: listAudio(audio) });
  }
  const tagged = wish ?? sourceLanguage;
  const inLanguage = audio.filter(
    ({ language }) => language !== null && tagged !== undefined && sameLanguage(language, tagged),
  );
  const best = inLanguage.find((stream) => stream.default) ?? inLanguage[0];
  if (best !== undefined) return audio.indexOf(best);
  if (wish !== undefined) {
    throw new Failure('ERR_MEDIA_NO_AUDIO', `The file has no audio stream in ${wish}.`, { why: listAudio(audio) });
  }
  return Math.max(
    0,
    audio.findIndex((stream) => stream.default),
  );
}

const listAudio = (audio: readonly MediaStream[]): string =>
  `There ${audio.length === 1 ? 'is' : 'are'} ${audio.map((stream, number) => `${number}: ${describe(stream)}`).join('; ')}.`;

const listStreams = (streams: readonly MediaStream[]): string =>
  streams.length === 0
    ? 'It has no streams at all.'
    : `It has ${streams.map((stream) => `${stream.type} (${describe(stream)})`).join('; ')}.`;

function describe({ codec, language, audio, default: isDefault }: MediaStream): string {
  const parts = [
    codec,
    language ?? 'no language',
    audio === null ? undefined : `${audio.channels} channels`,
    isDefault ? 'default' : undefined,
  ];
  return parts.filter((part) => part !== undefined).join(', ');
}
