import { z } from 'zod';
import type { FromWorker } from '../contract/protocol.ts';

const text = z.string();
const count = z.number().nonnegative();
const counters = z.object({ loads: count, calls: count, cpuMs: count, peakRssMiB: count });

const Message = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), protocol: z.number(), engine: text, pid: z.number(), runtime: text }),
  z.object({
    type: z.literal('loaded'),
    models: z.array(z.object({ id: text, digest: text })),
    seconds: count,
    rssMiB: count,
  }),
  z.object({ type: z.literal('progress'), id: text, done: z.number(), total: z.number() }),
  z.object({
    type: z.literal('result'),
    id: text,
    index: z.int().nonnegative(),
    value: z.record(text, z.unknown()),
    files: z.record(text, text).optional(),
  }),
  z.object({ type: z.literal('done'), id: text, counters }),
  z.object({
    type: z.literal('failed'),
    id: text.optional(),
    index: z.int().nonnegative().optional(),
    code: text,
    retryable: z.boolean(),
    message: text,
  }),
  z.object({ type: z.literal('beat') }),
]);

/** What one line of a worker says, or undefined when it is not a message of the protocol. */
export function parseWorkerMessage(line: string): FromWorker | undefined {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return undefined;
  }
  const parsed = Message.safeParse(json);
  return parsed.success ? (parsed.data as FromWorker) : undefined;
}
