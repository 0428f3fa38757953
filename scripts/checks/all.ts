import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findDocProblems } from './docs.ts';
import { findEngineDocProblems } from './engine-docs.ts';
import { findStale } from './generated.ts';
import { findImportCycles, findImportViolations } from './import-rules.ts';

/** `npm run lint`, second half: import rules, cycles, generated files, engine versions, documents. */
const projectDir = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const problems = [
  ...findImportViolations(projectDir),
  ...findImportCycles(projectDir).map((cycle) => `import cycle: ${cycle.join(' -> ')}`),
  ...findStale(projectDir),
  ...findDocProblems(projectDir),
  ...(await findEngineDocProblems(projectDir)),
];
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.stdout.write(`checks: ${problems.length === 0 ? 'all fine' : `${problems.length} problems`}\n`);
process.exit(problems.length === 0 ? 0 : 1);
