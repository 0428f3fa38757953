import { expect, test } from 'vitest';
import { heardText } from './heard-text.ts';

test('a lone "You", signs and spaces are nothing', () => {
  for (const reply of ['You', ' you. ', 'You!', '...', '', ' \n ', '¿?']) expect(heardText(reply)).toBe('');
});

test('anything else stays as it was said, on one line', () => {
  expect(heardText(' Thank  you.\n')).toBe('Thank you.');
  expect(heardText('You, there.')).toBe('You, there.');
  expect(heardText('हाँ')).toBe('हाँ');
});
