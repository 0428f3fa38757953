import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';

/** What the two Python files beside this test answer, asked in one go of the system's Python. */
function ask(): {
  readonly spoken: Readonly<Record<string, string>>;
  readonly sounds: Readonly<Record<string, string>>;
} {
  const script = `
import json, sys
from pronounce import pronounce
from spell_out import spell_out
texts, words, known = json.load(sys.stdin)
print(json.dumps({
    "spoken": {text: " / ".join(" ".join(tokens) for tokens in spell_out(text.split())) for text in texts},
    "sounds": {word: pronounce(word, known.get) for word in words},
}))`;
  const input = JSON.stringify([Object.keys(SPOKEN), Object.keys(SOUNDS), KNOWN]);
  const env = { PATH: '/usr/bin:/bin', PYTHONDONTWRITEBYTECODE: '1' };
  return JSON.parse(
    execFileSync('python3', ['-c', script], { cwd: import.meta.dirname, input, env, encoding: 'utf8' }),
  );
}

const SPOKEN: Readonly<Record<string, string>> = {
  '“Best, of times!”': 'best / of / times',
  'don’t — stop': "don't /  / stop",
  '1995.': 'nineteen ninety five',
  '1905 2005 2010 1900': 'nineteen o five / two thousand five / twenty ten / nineteen hundred',
  "the 1990s '90s": 'the / nineteen nineties / nineties',
  '1,234,567': 'one million two hundred thirty four thousand five hundred sixty seven',
  '3.14 0.5 007': 'three point one four / zero point five / zero zero seven',
  '1st 3rd 12th 20th 21st': 'first / third / twelfth / twentieth / twenty first',
  '$5 $1 $5.50 $0.99 £3': 'five dollars / one dollar / five dollars fifty / ninety nine cents / three pounds',
  '$5 million': 'five / million dollars',
  '50% #5 10:30 8:05': 'fifty percent / number five / ten thirty / eight o five',
  '½ 3/4 1/3': 'one half / three quarters / one third',
  'Mr. Brown vs. Dr. No': 'mister / brown / versus / dr / no',
  'U.S. a.m. AT&T MP3': 'u s / a. m / a. t and t / m p three',
  'café twenty-one and/or 20th-century': 'cafe / twenty-one / and or / twentieth century',
  '日本語 ... -': ' /  / ',
  [`${'9'.repeat(200)} ${'9'.repeat(20)}`]: ` / ${Array(20).fill('nine').join(' ')}`,
};

const KNOWN = {
  horse: 'HH AO R S',
  moon: 'M UW N',
  shine: 'SH AY N',
  bake: 'B EY K',
  b: 'B IY',
  c: 'S IY',
  stop: 'S T AA P',
};
const SOUNDS: Readonly<Record<string, string | null>> = {
  "horse's": 'HH AO R S IH Z',
  moonshine: 'M UW N SH AY N',
  baking: 'B EY K IH NG',
  stopped: 'S T AA P T',
  bbc: 'B IY B IY S IY',
  zorblatt: 'Z AO R B L AE T',
  zune: 'Z UW N',
  phishtion: 'F IH SH SH AH N',
  '': null,
};

describe('an English text is read aloud', () => {
  const { spoken, sounds } = ask();

  test.each(Object.entries(SPOKEN))('%j', (text, expected) => {
    expect(spoken[text]).toBe(expected);
  });

  test.each(Object.entries(SOUNDS))('an unknown word gets a sound: %j', (word, expected) => {
    expect(sounds[word]).toBe(expected);
  });
});
