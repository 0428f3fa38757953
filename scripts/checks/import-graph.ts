import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

export interface Import {
  readonly specifier: string;
  /** Erased before the program runs: `import type`, `export type`. */
  readonly typeOnly: boolean;
  /** `import()`. */
  readonly dynamic: boolean;
}

const STATEMENT = /^[ \t]*(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?['"]([^'"\n]+)['"]/gm;
const DYNAMIC = /\bimport\(\s*['"]([^'"\n]+)['"]\s*\)/g;

/** The imports of a TypeScript text. Reads the forms our formatter writes, not every form the language has. */
export function importsOf(text: string): readonly Import[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const statements = [...code.matchAll(STATEMENT)].map((match) => ({
    specifier: match[2] as string,
    typeOnly: match[1] !== undefined,
    dynamic: false,
  }));
  const dynamic = [...code.matchAll(DYNAMIC)].map((match) => ({
    specifier: match[1] as string,
    typeOnly: false,
    dynamic: true,
  }));
  return [...statements, ...dynamic];
}

/** The project's TypeScript files, relative, sorted. */
export function sourceFiles(projectDir: string): readonly string[] {
  return globSync('{shared,stages,scripts,tests}/**/*.ts', { cwd: projectDir }).sort();
}

export interface Closure {
  /** Own files, relative to the project. */
  readonly files: readonly string[];
  /** `name@version`, from the lock file. */
  readonly packages: readonly string[];
}

/** Everything that runs when a file is imported: own files and npm packages; Node's own modules are left out. */
export function importClosure(projectDir: string, entry: string): Closure {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    if (!file.endsWith('.ts')) return;
    for (const { specifier, typeOnly } of importsOf(readFileSync(join(projectDir, file), 'utf8'))) {
      if (typeOnly || specifier.startsWith('node:')) continue;
      if (specifier.startsWith('.')) visit(relative(projectDir, resolve(projectDir, dirname(file), specifier)));
      else packages.add(packageName(specifier));
    }
  };
  visit(entry);
  return {
    files: [...files].sort(),
    packages: [...packages].sort().map((name) => `${name}@${lockedVersion(projectDir, name)}`),
  };
}

const packageName = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

function lockedVersion(projectDir: string, name: string): string {
  const lock = JSON.parse(readFileSync(join(projectDir, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly version: string } | undefined>>;
  };
  const version = lock.packages[`node_modules/${name}`]?.version;
  if (version === undefined) throw new Error(`${name} is not in package-lock.json`);
  return version;
}
