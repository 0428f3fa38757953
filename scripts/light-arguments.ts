/**
 * Reads the plain forms of a light command's arguments without yargs: at most one positional and the switches named. Anything else, such as
 * `--help` or a typing error, is undefined: yargs then says what is wrong. light-arguments.test.ts keeps the two in agreement.
 */
export function lightArguments(
  args: readonly string[],
  switches: readonly string[],
): { readonly positional: string | undefined; readonly on: ReadonlySet<string> } | undefined {
  const on = new Set<string>();
  let positional: string | undefined;
  for (const arg of args) {
    const name = arg.startsWith('--') ? arg.slice(2) : '';
    if (switches.includes(name)) on.add(name);
    // yargs takes these words for the value of a switch.
    else if (arg === 'true' || arg === 'false') return undefined;
    else if (!arg.startsWith('-') && arg !== '' && positional === undefined) positional = arg;
    else return undefined;
  }
  return { positional, on };
}
