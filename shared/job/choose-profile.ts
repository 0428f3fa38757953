import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SubtitleProfile } from '../contract/cue.ts';
import { Failure } from '../contract/failure.ts';

/** Every `config/profiles/<id>.json`. @throws Failure ERR_CONFIG_INVALID naming the file */
export function loadProfiles(configDir: string): readonly SubtitleProfile[] {
  const dir = join(configDir, 'profiles');
  return readdirSync(dir)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => {
      try {
        return SubtitleProfile.parse(JSON.parse(readFileSync(join(dir, name), 'utf8')));
      } catch (cause) {
        throw new Failure('ERR_CONFIG_INVALID', `${join(dir, name)} is not a profile.`, {
          why: (cause as Error).message,
          cause,
        });
      }
    });
}

/** The profile that names the language or its base (`zh` for `zh-Hant`), else the one called `default`. */
export function chooseProfile(profiles: readonly SubtitleProfile[], language: string): SubtitleProfile {
  const base = language.split('-')[0] ?? language;
  const found =
    profiles.find(({ languages }) => languages.includes(language) || languages.includes(base)) ??
    profiles.find(({ id }) => id === 'default');
  if (found === undefined) throw new Failure('ERR_CONFIG_INVALID', 'config/profiles has no profile called default.');
  return found;
}
