import { expect, test } from 'vitest';
import config from '../../config/default.json' with { type: 'json' };
import { resolveSettings } from '../../shared/util/settings.ts';
import { configPage, knownVariables, settingVariables, TRIALS } from './config-page.ts';

test('every setting of config/default.json is on the page with its variable, its default and a meaning', () => {
  const page = configPage();
  const { schema: _, ...sections } = config;
  for (const [section, values] of Object.entries(sections)) {
    for (const [name, value] of Object.entries(values)) {
      const row = page.split('\n').find((line) => line.startsWith(`| \`${section}.${name}\` |`));
      expect(row, `${section}.${name}`).toContain(`| \`${[value].flat().join(':')}\` |`);
      expect(row).toMatch(/\| `BABELREEL_[A-Z_]+` \|.*\| \S.+ \|$/);
    }
  }
});

test('the variable beside a setting really sets that setting', () => {
  const variables = settingVariables();
  expect(variables.get('roots.objects')).toBe('BABELREEL_ROOTS_OBJECTS');
  const set = Object.fromEntries([...variables.values()].map((name) => [name, TRIALS[name] ?? '12345']));
  const { models, roots, limits, timeouts } = resolveSettings(config, set, '/p');
  expect(limits).toEqual({ cpus: 12345, ramMiB: 12345 });
  expect(models).toEqual({ onMissing: 'download', endpoints: ['http://127.0.0.1'], quotaGB: 12345 });
  expect(new Set(Object.values(timeouts))).toEqual(new Set([12345]));
  expect(new Set(Object.values(roots).flat())).toEqual(new Set(['/p/12345']));
});

test('a variable that only the set-up reads is known too', () => {
  expect(knownVariables()).toContain('BABELREEL_UV');
  expect(knownVariables()).not.toContain('BABELREEL_ROOTS');
});
