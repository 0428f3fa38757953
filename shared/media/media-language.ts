/** Codes that say "no language": undetermined, none, several, uncoded. */
const NO_LANGUAGE = new Set(['und', 'zxx', 'mul', 'mis']);

/**
 * BCP-47 form of a container's language tag: `ger` and `deu` are `de`, `pt-br` is `pt-BR`; null when it names no language.
 * ISO 639-2 codes, bibliographic ones included, are aliases in the locale data of the runtime.
 */
export function mediaLanguage(tag: string | undefined): string | null {
  if (tag === undefined) return null;
  try {
    const [language] = Intl.getCanonicalLocales(tag.trim().replaceAll('_', '-'));
    return language === undefined || NO_LANGUAGE.has(language) ? null : language;
  } catch {
    return null;
  }
}

/** True when two tags name the same language, whatever their region or script. */
export function sameLanguage(a: string, b: string): boolean {
  const [left, right] = [mediaLanguage(a), mediaLanguage(b)];
  return left !== null && right !== null && left.split('-')[0] === right.split('-')[0];
}
