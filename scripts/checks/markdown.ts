import { globSync } from 'node:fs';

/** Folders of documents. Reports in out/ and notes in in/ belong to the user. */
const DOCUMENTS = '{*.md,in/README.md,out/README.md,{docs,config,scripts,shared,stages,tests,.github}/**/*.md}';

/** The project's documents, relative, sorted. */
export const documents = (projectDir: string): readonly string[] => globSync(DOCUMENTS, { cwd: projectDir }).sort();

interface Parts {
  /** Everything outside of code. */
  readonly prose: string;
  /** Lines inside fences; a line that ends with a backslash is joined with the next. */
  readonly fenced: readonly string[];
  /** Texts between backticks. */
  readonly inline: readonly string[];
}

/** Prose and code of a Markdown text. Reads the forms this project writes: fences of three backticks, spans of one. */
export function partsOf(text: string): Parts {
  const fenced: string[] = [];
  const rest = text.replace(/^ *```(.*)\n([\s\S]*?)^ *```$/gm, (_, language: string, body: string) => {
    if (language !== 'mermaid') fenced.push(...body.replaceAll('\\\n', ' ').split('\n'));
    return '';
  });
  const inline: string[] = [];
  const prose = rest.replace(/`([^`\n]+)`/g, (_, code: string) => {
    inline.push(code);
    return '';
  });
  return { prose, fenced, inline };
}

/** Targets of links and pictures. */
export const linksOf = (prose: string): readonly string[] =>
  [...prose.matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)].map((match) => match[1] as string);

/** Names of a document's headings as links spell them: lower case, signs dropped, spaces as hyphens. */
export const anchorsOf = (text: string): readonly string[] =>
  [...text.replace(/^ *```[\s\S]*?^ *```$/gm, '').matchAll(/^#{1,6} +(.+)$/gm)].map((match) =>
    (match[1] as string)
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
