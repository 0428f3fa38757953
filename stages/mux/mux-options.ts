import { type FilmStreams, fitsMp4Audio } from './containers.ts';
import { describeTrack, type TitleKey, type Track } from './track.ts';

export interface MuxPlan {
  readonly film: FilmStreams;
  readonly sourceLanguage: string;
  /** ffmpeg's inputs after the film, in this order: subtitles, then dubs. */
  readonly subtitles: readonly Track[];
  readonly dubs: readonly Track[];
  /** Label of a filter graph's output that takes the place of the first video stream. */
  readonly burned?: string;
}

/**
 * Packets before time 0 are an encoder's delay, which players of MP4 skip by its edit list. Matroska has no such list: kept there they
 * would push everything else back by 20 ms, subtitles included. A time that is not known is far below and stays.
 */
const DROP_BEFORE_ZERO = ['-bsf:a', 'noise=drop=between(pts\\,-1e15\\,-1)'];
/** Rate of the picture when it must be made again: visually clean, and fast enough for a film. */
const BURN_IN_VIDEO = ['-c:v:0', 'libx264', '-preset', 'veryfast', '-crf', '18', '-pix_fmt', 'yuv420p'];

const map = (specifier: string): readonly string[] => ['-map', specifier];
const firstSubtitle = 1;
const firstDub = (plan: MuxPlan): number => firstSubtitle + plan.subtitles.length;

function mapVideo(plan: MuxPlan): readonly string[] {
  return plan.film.video.flatMap((stream, index) =>
    map(index === 0 && plan.burned !== undefined ? plan.burned : `0:${stream.index}`),
  );
}

const encodeBurned = (plan: MuxPlan): readonly string[] => (plan.burned === undefined ? [] : BURN_IN_VIDEO);

/** Tracks of ours, numbered behind the film's own of the same kind. */
function describeAdded(
  plan: MuxPlan,
  titleKey: TitleKey,
  own: { readonly audio: number; readonly subtitles: number },
): readonly string[] {
  return [
    ...plan.dubs.flatMap(({ language }, index) =>
      describeTrack(`a:${own.audio + index}`, titleKey, { language, note: 'dub' }),
    ),
    ...plan.subtitles.flatMap(({ language }, index) =>
      describeTrack(`s:${own.subtitles + index}`, titleKey, { language }),
    ),
  ];
}

/** The original stays what plays by itself; without any the first dub does. */
function setDefaults(
  plan: MuxPlan,
  own: { readonly audio: number; readonly subtitles: number },
  chosen: number,
): readonly string[] {
  return [
    ...(plan.film.video.length > 0 ? ['-disposition:v:0', 'default'] : []),
    ...Array.from({ length: own.audio + plan.dubs.length }, (_, at) => [
      `-disposition:a:${at}`,
      at === chosen ? 'default' : '0',
    ]).flat(),
    ...plan.subtitles.flatMap((_, at) => [`-disposition:s:${own.subtitles + at}`, '0']),
  ];
}

/** Names the language of the original where the film does not. */
const markOriginal = (plan: MuxPlan, at: number, titleKey: TitleKey): readonly string[] =>
  plan.film.chosenAudio === undefined || plan.film.chosenAudio.language !== null
    ? []
    : describeTrack(`a:${at}`, titleKey, { language: plan.sourceLanguage });

/** Matroska: every picture, every sound, subtitles that can be copied, fonts; then dubs and subtitles of ours. */
export function mkvOptions(plan: MuxPlan): readonly string[] {
  const { audio, subtitles, fonts, chosenAudio } = plan.film;
  const chosen = chosenAudio === undefined ? 0 : audio.indexOf(chosenAudio);
  const own = { audio: audio.length, subtitles: subtitles.length };
  return [
    ...mapVideo(plan),
    ...audio.flatMap((stream) => map(`0:${stream.index}`)),
    ...plan.dubs.flatMap((_, index) => map(`${firstDub(plan) + index}:a:0`)),
    ...subtitles.flatMap((stream) => map(`0:${stream.index}`)),
    ...plan.subtitles.flatMap((_, index) => map(`${firstSubtitle + index}:s:0`)),
    ...fonts.flatMap((stream) => map(`0:${stream.index}`)),
    ...['-c', 'copy', ...encodeBurned(plan), ...DROP_BEFORE_ZERO],
    ...markOriginal(plan, chosen, 'title'),
    ...describeAdded(plan, 'title', own),
    ...setDefaults(plan, own, chosen),
    ...['-default_mode', 'passthrough', '-max_interleave_delta', '0', '-f', 'matroska'],
  ];
}

/** MP4: the pictures, the original sound, dubs, subtitles as timed text; playable before it is loaded whole. */
export function mp4Options(plan: MuxPlan): readonly string[] {
  const { video, chosenAudio } = plan.film;
  const own = { audio: chosenAudio === undefined ? 0 : 1, subtitles: 0 };
  const mustEncode = chosenAudio !== undefined && !fitsMp4Audio(chosenAudio);
  return [
    ...mapVideo(plan),
    ...(chosenAudio === undefined ? [] : map(`0:${chosenAudio.index}`)),
    ...plan.dubs.flatMap((_, index) => map(`${firstDub(plan) + index}:a:0`)),
    ...plan.subtitles.flatMap((_, index) => map(`${firstSubtitle + index}:s:0`)),
    ...['-c', 'copy', '-c:s', 'mov_text', ...encodeBurned(plan)],
    ...(mustEncode ? ['-c:a:0', 'aac', '-b:a:0', '192k'] : []),
    ...(video[0]?.codec === 'hevc' && plan.burned === undefined ? ['-tag:v:0', 'hvc1'] : []),
    ...markOriginal(plan, 0, 'handler_name'),
    ...describeAdded(plan, 'handler_name', own),
    ...setDefaults(plan, own, 0),
    ...['-strict', '-2', '-movflags', '+faststart', '-max_interleave_delta', '0', '-f', 'mp4'],
  ];
}
