import { z } from 'zod';

/** config/environments/<id>/environment.json */
export const EnvironmentSpec = z.discriminatedUnion('kind', [
  z.object({
    schema: z.literal('environment/1'),
    id: z.string(),
    kind: z.literal('uv'),
    purpose: z.string(),
    python: z.string().regex(/^3\.[0-9]+$/),
    /** `<os>-<arch>-<accelerator>` -> lock file beside this one; made with hashes, without addresses. */
    locks: z.record(z.string(), z.string()),
    /** Modules that must import; tried once after an install. */
    imports: z.array(z.string()),
  }),
  z.object({
    schema: z.literal('environment/1'),
    id: z.string(),
    kind: z.literal('system'),
    purpose: z.string(),
    /** Debian package names. */
    packages: z.array(z.string()).min(1),
    /** Programs that must be found, and why the package is needed. */
    programs: z.array(z.string()).min(1),
    /** Files beside the programs whose digests enter the identity. */
    files: z.array(z.string()),
  }),
  z.object({
    schema: z.literal('environment/1'),
    id: z.string(),
    kind: z.literal('node'),
    purpose: z.string(),
    /** npm packages of this project whose lockfile integrity enters the identity. */
    packages: z.array(z.string()).min(1),
  }),
]);
export type EnvironmentSpec = z.output<typeof EnvironmentSpec>;

/** What a quick look says; no interpreter is started for it. */
export type EnvironmentState = 'ready' | 'missing' | 'outdated' | 'broken' | 'unsupported';

/** config/hardware_cache.json */
export const HardwareCache = z.object({
  schema: z.literal('hardware/1'),
  writtenAt: z.string(),
  hardware: z.object({
    os: z.string(),
    arch: z.string(),
    cpuModel: z.string(),
    cpus: z.int().positive(),
    ramMiB: z.int().positive(),
    accelerator: z.enum(['cpu', 'cuda', 'mps']),
    gpus: z.array(z.object({ uuid: z.string(), name: z.string(), vramMiB: z.int() })),
  }),
  cache: z.object({ base_dir: z.string(), torch_home: z.string(), hf_home: z.string(), mlx_home: z.string() }),
  environments: z.record(
    z.string(),
    z.object({
      path: z.string().nullable(),
      kind: z.enum(['uv', 'system', 'node']),
      purpose: z.string(),
      stages: z.array(z.string()),
      state: z.enum(['ready', 'missing', 'outdated', 'broken', 'unsupported']),
      identity: z.string().nullable(),
    }),
  ),
  stages: z.record(z.string(), z.array(z.string())),
  workflows: z.record(z.string(), z.array(z.string())),
});
export type HardwareCache = z.output<typeof HardwareCache>;
