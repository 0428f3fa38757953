/**
 * BCP-47 tags and the espeak-ng voice that speaks them (espeak-ng 1.51). A test compares this with config/languages.json; the copy exists
 * because a change here has to raise the engine's version. MBROLA voices (`mb-*`) are absent: they fail without a second package.
 */
const SAME_NAME = (
  'af am an ar as az ba be bg bn bpy bs ca cs cv cy da de el en-029 eo es es-419 et eu fa fi ga gd gn grc gu hak haw he hi hr ht hu hy ' +
  'hyw ia id io is it ja jbo ka kk kl kn ko kok ku ky la lb lfn lt ltg lv mi mk ml mr ms mt my nb nci ne nl nog om or pa pap pl pt qu ' +
  'quc qya ro ru sd shn si sjn sk sl smj sq sr sv sw ta te th tk tn tr tt ug uk ur uz vi yue'
).split(' ');

const OTHER_NAME = (
  'ar-AE=ar ar-EG=ar ar-MA=ar ar-SA=ar bn-BD=bn bn-IN=bn chr=chr-US-Qaaa-x-west cs-CZ=cs da-DK=da de-AT=de de-CH=de de-DE=de el-GR=el ' +
  'en=en-gb en-AU=en-gb en-CA=en-us en-GB=en-gb en-IE=en-gb en-IN=en-gb en-NZ=en-gb en-US=en-us en-ZA=en-gb es-AR=es-419 es-CO=es-419 ' +
  'es-ES=es es-MX=es-419 es-US=es-419 fa-AF=fa fa-IR=fa fa-Latn=fa-latn fi-FI=fi fr=fr-fr fr-BE=fr-be fr-CA=fr-fr fr-CH=fr-ch ' +
  'fr-FR=fr-fr gu-IN=gu he-IL=he hi-IN=hi hu-HU=hu id-ID=id it-CH=it it-IT=it ja-JP=ja kn-IN=kn ko-KR=ko ml-IN=ml mr-IN=mr ms-MY=ms ' +
  'nb-NO=nb nl-BE=nl nl-NL=nl no=nb pa-IN=pa pl-PL=pl pt-BR=pt-br pt-PT=pt ro-RO=ro ru-LV=ru-lv ru-RU=ru sr-Cyrl=sr sv-SE=sv sw-KE=sw ' +
  'ta-IN=ta te-IN=te th-TH=th tlh=piqd tr-TR=tr uk-UA=uk ur-IN=ur ur-PK=ur vi-VN=vi zh=cmn zh-CN=cmn zh-HK=cmn zh-Hans=cmn zh-Hant=cmn ' +
  'zh-Hant-HK=cmn zh-SG=cmn zh-TW=cmn'
)
  .split(' ')
  .map((pair) => pair.split('=') as [string, string]);

/** Language tag -> name of its first voice. */
export const FIRST_VOICE: ReadonlyMap<string, string> = new Map([
  ...SAME_NAME.map((name): [string, string] => [name, name]),
  ...OTHER_NAME,
]);

/** Further accents that can be asked for by name. */
export const ACCENTS: readonly (readonly [name: string, language: string])[] = [
  ['cmn-latn-pinyin', 'zh'],
  ['en-gb-scotland', 'en-GB'],
  ['en-gb-x-gbclan', 'en-GB'],
  ['en-gb-x-gbcwmd', 'en-GB'],
  ['en-gb-x-rp', 'en-GB'],
  ['en-us-nyc', 'en-US'],
  ['vi-vn-x-central', 'vi-VN'],
  ['vi-vn-x-south', 'vi-VN'],
];
