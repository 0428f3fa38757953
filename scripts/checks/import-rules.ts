import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { importsOf, sourceFiles } from './import-graph.ts';

/** Who may import whom (docs/concepts.md). Everybody may import contract and util; contract imports zod alone. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'shared/contract': [],
  'shared/util': [],
  'shared/store': [],
  'shared/process': [],
  'shared/subtitles': [],
  'shared/report': [],
  'shared/worker': [],
  'shared/models': ['shared/process', 'shared/store'],
  'shared/environment': ['shared/process', 'shared/store'],
  'shared/media': ['shared/process', 'shared/store'],
  'shared/engines': ['shared/store', 'shared/environment', 'shared/models', 'shared/process'],
  'shared/job': ['shared/media', 'shared/models', 'shared/environment', 'shared/engines', 'shared/store'],
  'shared/runner': ['shared/store', 'shared/engines', 'shared/media'],
  stages: ['shared/subtitles', 'shared/media'],
  scripts: [
    'shared/store',
    'shared/process',
    'shared/subtitles',
    'shared/report',
    'shared/models',
    'shared/environment',
    'shared/media',
    'shared/engines',
    'shared/job',
    'shared/runner',
    'stages/index.ts',
  ],
};

/** npm packages a room may use; a room that is not named may use none but zod. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  'shared/contract': ['zod'],
  'shared/util': [],
  'shared/store': ['better-sqlite3', 'p-queue'],
  'shared/process': ['execa'],
  'shared/media': ['fluent-ffmpeg', 'zod'],
  'shared/models': ['p-queue', 'tar-stream', 'undici', 'zod'],
  'shared/report': [],
  'shared/worker': [],
  scripts: ['yargs', 'zod', 'vitest', 'fast-check'],
};

/** `shared/store`, `stages`, `scripts`, or undefined for files outside the table. */
export function roomOf(file: string): string | undefined {
  const [top, second] = file.split('/');
  if (top === 'shared') return `shared/${second}`;
  return top === 'stages' || top === 'scripts' ? top : undefined;
}

const isTest = (file: string): boolean =>
  file.endsWith('.test.ts') || file.startsWith('scripts/bench/') || file.startsWith('tests/');
const isWorker = (file: string): boolean => /^stages\/[^/]+\/engines\//.test(file) && !file.endsWith('/engine.ts');

/** Every import that the table does not allow, as a sentence. Tests and benches may import what they measure. */
export function findImportViolations(projectDir: string): readonly string[] {
  const violations: string[] = [];
  for (const file of sourceFiles(projectDir)) {
    const room = roomOf(file);
    if (room === undefined || isTest(file)) continue;
    for (const { specifier } of importsOf(readFileSync(join(projectDir, file), 'utf8'))) {
      const why = problemOf(file, room, specifier, projectDir);
      if (why !== undefined) violations.push(`${file} imports ${specifier}: ${why}`);
    }
  }
  return violations;
}

function problemOf(file: string, room: string, specifier: string, projectDir: string): string | undefined {
  if (specifier.startsWith('node:')) return undefined;
  if (!specifier.startsWith('.')) {
    // An engine's worker is an isolated program with its own libraries.
    if (isWorker(file)) return undefined;
    const allowed = PACKAGES[room] ?? ['zod'];
    return allowed.some((name) => specifier === name || specifier.startsWith(`${name}/`))
      ? undefined
      : `${room} may not use this package`;
  }
  const target = relative(projectDir, resolve(projectDir, dirname(file), specifier));
  if (target.endsWith('.json')) return undefined;
  const targetRoom = roomOf(target);
  if (targetRoom === undefined) return 'it is outside the rooms';
  if (isWorker(file)) {
    const own = dirname(file) === dirname(target) || target.startsWith(`${dirname(file)}/`);
    return targetRoom === 'shared/worker' || own
      ? undefined
      : 'a worker may import shared/worker and its own folder only';
  }
  if (targetRoom === room) {
    const stageOf = (path: string): string | undefined => path.split('/')[1];
    const isTable = file === 'stages/index.ts';
    return room === 'stages' && !isTable && stageOf(file) !== stageOf(target)
      ? 'a stage may not import another stage'
      : undefined;
  }
  if (targetRoom === 'shared/contract' || targetRoom === 'shared/util') return undefined;
  const allowed = MAY_IMPORT[room] ?? [];
  return allowed.includes(targetRoom) || allowed.includes(target) ? undefined : `${room} may not import ${targetRoom}`;
}

/** Cycles among files by imports that really run, each as the list of its files. */
export function findImportCycles(projectDir: string): readonly (readonly string[])[] {
  const graph = new Map<string, readonly string[]>();
  for (const file of sourceFiles(projectDir)) {
    const targets = importsOf(readFileSync(join(projectDir, file), 'utf8'))
      .filter(({ specifier, typeOnly, dynamic }) => !typeOnly && !dynamic && specifier.startsWith('.'))
      .map(({ specifier }) => relative(projectDir, resolve(projectDir, dirname(file), specifier)));
    graph.set(file, targets);
  }
  const cycles: (readonly string[])[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file);
    if (at !== -1) {
      cycles.push(path.slice(at));
      return;
    }
    if (done.has(file)) return;
    for (const target of graph.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return cycles;
}
