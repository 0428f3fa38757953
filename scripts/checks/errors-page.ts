import { EXIT_CODES, FAILURES } from '../../shared/contract/failure.ts';

/** docs/errors.md, from the one list of failure codes. */
export function errorsPage(): string {
  const rows = Object.entries(FAILURES).map(
    ([code, { class: failureClass, meaning }]) =>
      `| \`${code}\` | ${EXIT_CODES[failureClass]} | ${failureClass} | ${meaning} |`,
  );
  return [
    '# Error codes',
    '',
    'Generated from `shared/contract/failure.ts` by `npm run generate`. A message on the screen says what failed, why with figures, what is',
    'safe and the command that helps; the code and the exit status below are for scripts. `--json` prints the same as',
    '`{code, class, stage, message, cause, fix[], log}`. Exit 0 is success; 130 and 143 are a stop by the user.',
    '',
    '| code | exit | class | meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
