import { z } from 'zod';

/** `source`: one instance for the source language; `target`, `dub`: one per target / dubbed language; absent: one without a language. */
const Each = z.enum(['source', 'target', 'dub']);

/**
 * A workflow is data: stages and explicit wiring. In a reference `{lang}` stands for the instance's own language and `{source}` for the
 * film's. `for` limits an entry of a list to source, target or dub languages and repeats it for each.
 */
export const WorkflowSpec = z.object({
  schema: z.literal('workflow/1'),
  id: z.string(),
  purpose: z.string(),
  targets: z.enum(['none', 'optional', 'required']),
  stages: z.array(
    z.object({
      stage: z.string(),
      each: Each.optional(),
      inputs: z.record(
        z.string(),
        z.union([z.string(), z.array(z.object({ for: Each.optional(), from: z.string() }))]),
      ),
      params: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
  deliverables: z.array(z.object({ for: Each.optional(), from: z.string(), to: z.string() })),
});
export type WorkflowSpec = z.output<typeof WorkflowSpec>;
