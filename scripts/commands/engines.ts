import { Failure } from '../../shared/contract/failure.ts';
import { ROLE_NAMES } from '../../shared/contract/roles/index.ts';
import { languageNames } from '../../shared/job/choose-engine.ts';
import { renderTable } from '../../shared/report/render-table.ts';
import { didYouMean } from '../../shared/util/nearest.ts';
import type { Invocation } from '../babelreel.ts';
import { openMachine } from '../open-machine.ts';
import { parseCommandLine } from '../parse-command-line.ts';

const MAX_LANGUAGES = 8;

/** `./babelreel.sh engines`. */
export async function run({ args, settings, projectDir }: Invocation): Promise<number> {
  const flags = await parseCommandLine('engines', args);
  if (flags === undefined) return 0;
  if (flags.role !== undefined && !ROLE_NAMES.some((role) => role === flags.role)) {
    throw new Failure(
      'ERR_USAGE',
      `There is no role ${JSON.stringify(flags.role)}.${didYouMean(flags.role, ROLE_NAMES)}`,
      { why: `Roles: ${ROLE_NAMES.join(', ')}.`, fix: ['./babelreel.sh engines'] },
    );
  }
  const machine = await openMachine(settings, projectDir);
  const listed = machine
    .candidates()
    .filter(({ definition }) => flags.role === undefined || definition.role === flags.role)
    .map(({ id, definition, state }) => ({
      id,
      version: definition.version,
      state,
      environment: definition.environment,
      rank: definition.rank,
      languages: languageNames(definition),
      voices: (definition.voices ?? []).map((voice) => `${voice.language}=${voice.name}`),
      licence: definition.licence,
      worth: definition.worth,
      weakness: definition.weakness,
    }));
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(listed)}\n`);
    return 0;
  }
  const some = (names: readonly string[]): string =>
    names.length <= MAX_LANGUAGES
      ? names.join(', ')
      : `${names.slice(0, MAX_LANGUAGES).join(', ')} and ${names.length - MAX_LANGUAGES} more`;
  for (const engine of listed) {
    const facts = [
      [
        'state',
        engine.state === 'ready'
          ? 'ready'
          : `${engine.state}; a run that needs it makes its environment ${engine.environment}`,
      ],
      ['languages', some(engine.languages)],
      ...(engine.voices.length > 0
        ? [['voices', flags.role === undefined ? some(engine.voices) : engine.voices.join(', ')]]
        : []),
      [
        'licence',
        `code ${engine.licence.code}, weights ${engine.licence.weights}, commercial use: ${engine.licence.commercial}`,
      ],
      ['worth', engine.worth],
      ['weakness', engine.weakness],
    ];
    process.stdout.write(`${engine.id} ${engine.version}\n${renderTable(facts, { indent: '  ' }).join('\n')}\n`);
  }
  return 0;
}
