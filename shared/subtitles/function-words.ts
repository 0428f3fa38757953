/** Words of one language that decide where a line may end. */
export interface FunctionWords {
  /** Conjunctions and prepositions: a line rather ends before them. */
  readonly before: ReadonlySet<string>;
  /** Articles, possessives and the like: a line does not end with them. */
  readonly notLast: ReadonlySet<string>;
}

const words = (before: string, notLast: string): FunctionWords => ({
  before: new Set(before.split(' ')),
  notLast: new Set(notLast.split(' ')),
});

/** By primary language; a language without an entry is broken at signs and by balance alone. */
const FUNCTION_WORDS: Readonly<Record<string, FunctionWords>> = {
  en: words(
    'and but or nor so because although though while if when where which that who than about after against before between by during for from in into of on over through to under until with without as at',
    "a an the my your his her its our their this these those no not very i you he she we they i'm is are was were will would can could should have has had mr. mrs. ms. dr. st.",
  ),
  pt: words(
    'e mas ou nem porque embora enquanto se quando onde que quem pois como com sem de do da dos das em no na nos nas por pelo pela para até sobre sob entre contra desde após ante ao à aos às',
    'o a os as um uma uns umas meu minha seu sua nosso nossa este esta esse essa aquele aquela não eu ele ela nós eles elas você vocês é são foi era está muito sr. sra. dr. dra.',
  ),
  es: words(
    'y e pero o u ni porque aunque mientras si cuando donde que quien pues como con sin de del en por para hasta sobre bajo entre contra desde tras ante a al',
    'el la los las un una unos unas mi tu su nuestro nuestra este esta ese esa aquel aquella no yo él ella nosotros ellos ellas usted ustedes es son fue era está muy sr. sra. dr. dra.',
  ),
  fr: words(
    "et mais ou ni car parce quoique pendant si quand où que qui dont comme avec sans de du des d'un d'une en dans par pour jusque sur sous entre contre depuis après avant chez vers à au aux",
    'le la les un une mon ton son ma ta sa mes tes ses notre votre leur ce cet cette ces ne je tu il elle nous vous ils elles on est sont était très m. mme dr.',
  ),
  it: words(
    'e ed ma o né perché benché mentre se quando dove che chi poiché come con senza di del della dei delle in nel nella da dal dalla per fino su sul sulla sotto tra fra contro dopo prima a al alla',
    'il lo la i gli le un uno una mio mia tuo tua suo sua nostro nostra questo questa quel quella non io lui lei noi voi loro è sono era molto sig. dott.',
  ),
  de: words(
    'und aber oder denn weil obwohl während wenn als wo dass ob der die das mit ohne von vom in im bei zum zur zu für bis über unter zwischen gegen seit nach vor auf aus an am durch um',
    'ein eine einen einem einer mein meine dein deine sein seine unser unsere ihr ihre dieser diese dieses kein keine nicht ich du er sie es wir ist sind war hat haben sehr hr. fr. dr.',
  ),
  nl: words(
    'en maar of want omdat hoewel terwijl als wanneer waar dat die met zonder van in bij voor tot over onder tussen tegen sinds na op uit aan door om te naar',
    'de het een mijn jouw je zijn haar ons onze hun dit deze geen niet ik jij hij zij wij we is was heeft heb zeer dhr. mevr. dr.',
  ),
};

const NONE: FunctionWords = { before: new Set(), notLast: new Set() };

export const functionWords = (language: string): FunctionWords => FUNCTION_WORDS[language.split('-')[0] ?? ''] ?? NONE;
