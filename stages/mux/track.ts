import { findLanguage, iso639_2 } from '../../shared/util/languages.ts';

/** A subtitle or a dub that is added to the film. */
export interface Track {
  readonly path: string;
  readonly language: string;
}

/** `subtitle.pt-BR` -> `pt-BR`: the language is what follows the first dot of the stage instance. */
export function languageOf(instance: string): string {
  const dot = instance.indexOf('.');
  return dot < 0 ? 'und' : instance.slice(dot + 1);
}

const nameOf = (language: string): string => findLanguage(language)?.name ?? language;

/** Where a container keeps a track's title. */
export type TitleKey = 'title' | 'handler_name';

/**
 * Language and title of an output stream. Titles come from the project's own table, never from a user.
 * @param stream `a:1`
 * @param note what sets the track apart: `dub`
 */
export function describeTrack(
  stream: string,
  titleKey: TitleKey,
  { language, note }: { readonly language: string; readonly note?: string },
): readonly string[] {
  const title = note === undefined ? nameOf(language) : `${nameOf(language)} - ${note}`;
  const metadata = `-metadata:s:${stream}`;
  return [metadata, `language=${iso639_2(language)}`, metadata, `${titleKey}=${title}`];
}
