/** What a command takes, as data (scripts/command-lines.ts). Nothing is imported here. */
export interface CommandOption {
  readonly type: 'string' | 'boolean' | 'number';
  readonly alias?: string;
  readonly array?: true;
  readonly required?: true;
  readonly choices?: readonly string[];
  /** What stands for the value in texts; in square brackets where it may be left out: `[STAGE]`. It is then an empty string. */
  readonly value?: string;
  readonly text: string;
}

export interface Positional {
  readonly name: string;
  readonly required: boolean;
  /** Any number of them; at least one where it is required. */
  readonly many?: true;
  readonly text: string;
}

export interface CommandLine {
  readonly launcher: string;
  /** One or two sentences. */
  readonly purpose: string;
  /** Further paragraphs of its help. */
  readonly more?: readonly string[];
  /** The argument without a flag, with its meaning. */
  readonly positional?: Positional;
  readonly options: Readonly<Record<string, CommandOption>>;
  readonly examples: readonly (readonly [command: string, meaning: string])[];
}

/** `--force` may stand alone, `--job` may not. */
export const hasOptionalValue = ({ value }: CommandOption): boolean => /^\[[^\]]+\]$/.test(value ?? '');

/** `./babelreel.sh models verify [ID…]`. */
export function usageOf({ launcher, positional }: CommandLine): string {
  if (positional === undefined) return launcher;
  const name = `${positional.name}${positional.many === true ? '…' : ''}`;
  return `${launcher} ${positional.required ? name : `[${name}]`}`;
}
