import { describe, expect, it } from 'vitest';
import type { MediaStream, Probe } from '../contract/media.ts';
import { chooseAudioStream } from './choose-audio-stream.ts';
import { mediaLanguage, sameLanguage } from './media-language.ts';

const audio = (language: string | null, isDefault = false): MediaStream => ({
  index: 0,
  type: 'audio',
  codec: 'aac',
  language,
  startMs: 0,
  durationMs: 1000,
  default: isDefault,
  audio: { sampleRateHz: 48_000, channels: 2 },
  video: null,
});
const picture: MediaStream = { ...audio(null, true), type: 'video', audio: null };
const film = (...streams: readonly MediaStream[]): Probe => ({
  container: 'matroska,webm',
  durationMs: 1000,
  startTimeMs: 0,
  streams: [picture, ...streams],
});

describe('the audio stream', () => {
  const three = film(audio('de'), audio('fr', true), audio('en'));

  it('is the one in the source language, else the default one, else the first', () => {
    expect(chooseAudioStream(three, undefined, 'en')).toBe(2);
    expect(chooseAudioStream(three, undefined, 'en-GB')).toBe(2);
    expect(chooseAudioStream(three, undefined, 'hi')).toBe(1);
    expect(chooseAudioStream(three, undefined)).toBe(1);
    expect(chooseAudioStream(film(audio(null), audio(null)), undefined, 'en')).toBe(0);
    expect(chooseAudioStream(film(audio('en'), audio('en', true)), undefined, 'en')).toBe(1);
  });

  it('is the one that was asked for, by number or language', () => {
    expect(chooseAudioStream(three, 0, 'en')).toBe(0);
    expect(chooseAudioStream(three, 'ger', 'en')).toBe(0);
  });

  it('that was asked for and is not there is refused with what is', () => {
    const refused = (code: string, why: string) =>
      expect.objectContaining({ code, details: { why: expect.stringContaining(why) } });
    expect(() => chooseAudioStream(three, 3)).toThrow(refused('ERR_MEDIA_NO_AUDIO', '2: aac, en, 2 channels'));
    expect(() => chooseAudioStream(three, 'es')).toThrow(
      refused('ERR_MEDIA_NO_AUDIO', '1: aac, fr, 2 channels, default'),
    );
    expect(() => chooseAudioStream(film(), undefined)).toThrow(refused('ERR_MEDIA_NO_AUDIO', 'video'));
  });
});

describe('a language tag of a container', () => {
  it('becomes BCP-47, or nothing', () => {
    expect(['eng', 'ger', 'deu', 'fre', 'chi', 'pt-br', 'pt_BR'].map(mediaLanguage)).toEqual([
      'en',
      'de',
      'de',
      'fr',
      'zh',
      'pt-BR',
      'pt-BR',
    ]);
    expect(['und', 'mul', 'zxx', '', 'not a tag', '---', undefined].map(mediaLanguage)).toEqual(Array(7).fill(null));
  });

  it('is the same language in another region, never when it is none', () => {
    expect(sameLanguage('eng', 'en-US')).toBe(true);
    expect(sameLanguage('en', 'es')).toBe(false);
    expect(sameLanguage('und', 'und')).toBe(false);
  });
});
