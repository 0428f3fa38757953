import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { knownVariables } from './config-page.ts';
import { commandsIn, problemsOfCommand } from './documented-commands.ts';
import { anchorsOf, documents, linksOf, partsOf } from './markdown.ts';

/** What the documents say that is not so, each as a sentence: links that lead nowhere, commands and variables that do not exist. */
export function findDocProblems(projectDir: string): readonly string[] {
  const variables = knownVariables();
  return documents(projectDir).flatMap((document) => {
    const text = readFileSync(join(projectDir, document), 'utf8');
    const { prose, fenced, inline } = partsOf(text);
    const links = linksOf(prose).flatMap((target) => problemOfLink(projectDir, document, target) ?? []);
    const typed = fenced
      .flatMap(commandsIn)
      .flatMap((command) => problemsOfCommand(command, { projectDir, whole: true }));
    const named = inline
      .flatMap(commandsIn)
      .flatMap((command) => problemsOfCommand(command, { projectDir, whole: false }));
    const unread = [...text.matchAll(/\bBABELREEL_[A-Z_]*[A-Z]\b/g)]
      .map(([name]) => name)
      .filter((name) => !variables.has(name))
      .map((name) => `nothing reads the variable ${name}`);
    return [...new Set([...links, ...typed, ...named, ...unread])].map((problem) => `${document}: ${problem}`);
  });
}

function problemOfLink(projectDir: string, document: string, target: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return undefined;
  const [path = '', anchor] = target.split('#', 2);
  const file = path === '' ? join(projectDir, document) : resolve(projectDir, dirname(document), decodeURI(path));
  if (relative(projectDir, file).startsWith('..')) return `the link ${target} leaves the project`;
  if (!existsSync(file)) return `the link ${target} leads nowhere`;
  if (anchor === undefined || !file.endsWith('.md')) return undefined;
  return anchorsOf(readFileSync(file, 'utf8')).includes(anchor) ? undefined : `the link ${target} names no heading`;
}
