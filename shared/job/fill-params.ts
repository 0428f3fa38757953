import { z } from 'zod';
import { Failure } from '../contract/failure.ts';
import type { AnyStage } from '../contract/stage.ts';
import { didYouMean } from '../util/nearest.ts';

/** What placeholders of a workflow stand for: `{media.durationMs}` is `values.media.durationMs`. */
export type PlaceholderValues = Readonly<Record<string, unknown>>;

/** A text that is exactly one placeholder becomes its value, type and all; a placeholder without a value leaves the parameter out. */
export function fillPlaceholders(
  params: Readonly<Record<string, unknown>>,
  values: PlaceholderValues,
): Record<string, unknown> {
  const filled: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(params)) {
    const path = typeof value === 'string' ? /^\{([a-zA-Z.]+)\}$/.exec(value)?.[1] : undefined;
    const result = path === undefined ? value : lookUp(values, path);
    if (result !== undefined) filled[name] = result;
  }
  return filled;
}

function lookUp(values: PlaceholderValues, path: string): unknown {
  let value: unknown = values;
  for (const name of path.split('.')) value = (value as Readonly<Record<string, unknown>> | undefined)?.[name];
  return value;
}

export interface ParameterSetting {
  /** Stage id or instance. */
  readonly stage: string;
  readonly name: string;
  readonly value: string;
}

/** `mix.duckDb=-12`, `subtitle.pt-BR.profile=…`: the parameter follows the last dot before `=`. @throws Failure ERR_USAGE */
export function parseSetting(text: string): ParameterSetting {
  const match = /^([^=]+)\.([A-Za-z0-9]+)=(.*)$/s.exec(text);
  if (match === null) {
    throw new Failure('ERR_USAGE', `--set ${JSON.stringify(text)} is not stage.param=value.`, {
      fix: ['./prepare-job.sh --help'],
    });
  }
  return { stage: match[1] as string, name: match[2] as string, value: match[3] as string };
}

/** Numbers, booleans and null as JSON; everything else is text. */
const parseValue = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
};

/** Applies settings and expands defaults. @throws Failure ERR_PARAMETER */
export function expandParams(
  stage: { readonly id: string; readonly definition: AnyStage },
  given: Readonly<Record<string, unknown>>,
  settings: readonly ParameterSetting[],
): Record<string, unknown> {
  const known = parameterNames(stage.definition.params);
  const values: Record<string, unknown> = { ...given };
  for (const setting of settings) {
    if (!known.includes(setting.name)) {
      throw new Failure(
        'ERR_PARAMETER',
        `Stage ${stage.definition.id} has no parameter ${JSON.stringify(setting.name)}.${didYouMean(setting.name, known)}`,
        {
          why: `Parameters: ${known.join(', ')}.`,
          fix: ['./prepare-job.sh --help'],
        },
      );
    }
    values[setting.name] = parseValue(setting.value);
  }
  const result = stage.definition.params.safeParse(values);
  if (!result.success) {
    throw new Failure('ERR_PARAMETER', `A parameter of stage ${stage.definition.id} has a value that it cannot have.`, {
      why: z.prettifyError(result.error).replaceAll('\n', ' '),
      fix: ['./prepare-job.sh --help'],
    });
  }
  return result.data as Record<string, unknown>;
}

export const parameterNames = (schema: z.ZodType): readonly string[] =>
  schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
