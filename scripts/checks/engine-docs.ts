import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findEngines } from '../../shared/engines/registry.ts';

const PAGE = 'docs/engines.md';

/**
 * What docs/engines.md says otherwise than the engines' own folders: each has a heading with its id, and under it what it is worth, its
 * weakness and its licences word for word. Figures that were measured again are thereby found in the page.
 */
export async function findEngineDocProblems(projectDir: string): Promise<readonly string[]> {
  const sections = readFileSync(join(projectDir, PAGE), 'utf8').split(/^### /m);
  const engines = await findEngines(join(projectDir, 'stages'));
  return [...engines.values()].flatMap(({ id, definition }) => {
    const section = sections.find((text) => text.startsWith(`${id}\n`));
    if (section === undefined) return [`${PAGE}: there is no heading for ${id}`];
    const flat = section.replace(/\s+/g, ' ');
    const { worth, weakness, licence } = definition;
    return [worth, weakness, `code ${licence.code}`, `weights ${licence.weights}`]
      .filter((sentence) => !flat.includes(sentence))
      .map((sentence) => `${PAGE}: ${id} does not say "${sentence}"`);
  });
}
