import { askSecret, canAsk } from '../models/ask.ts';
import { findToken } from '../models/find-token.ts';

/** What is coming and needs accepted terms. */
interface GatedModel {
  readonly id: string;
  readonly acceptUrl: string | null;
  readonly missingBytes: number | null;
}

/**
 * The token for what is gated: given, found, or asked for on a terminal when something gated is to come. Undefined: gated models will be
 * refused, the others come. It is not printed, logged, stored or handed to a child.
 */
export async function obtainToken(
  options: { readonly tokenFile: string | undefined; readonly mayAsk: boolean },
  models: readonly GatedModel[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const found = findToken(options.tokenFile, process.env);
  const gated = models.filter(({ acceptUrl, missingBytes }) => acceptUrl !== null && missingBytes !== 0);
  if (found !== undefined || gated.length === 0 || !options.mayAsk || !canAsk()) return found;
  const names = gated.map(({ id }) => id).join(', ');
  return await askSecret(`Token for ${names} (not shown; empty: go on without them): `, signal);
}
