import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { computeCode, forgottenVersions } from './code-digests.ts';
import { importClosure, importsOf, sourceFiles } from './import-graph.ts';
import { findImportCycles, findImportViolations, roomOf } from './import-rules.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tree-'));
  write(
    'package-lock.json',
    JSON.stringify({
      packages: { 'node_modules/zod': { version: '4.0.0' }, 'node_modules/@a/b': { version: '1.2.3' } },
    }),
  );
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), text);
}
const specifiers = (text: string): readonly string[] => importsOf(text).map(({ specifier }) => specifier);

describe('the imports of a text', () => {
  it('are found in all forms that our formatter writes', () => {
    const text = [
      "import './effect.ts';",
      "import { a } from './a.ts';",
      'import {',
      '  b,',
      '  type C,',
      "} from './b.ts';",
      "import * as d from 'node:fs';",
      "import table from '../table.json' with { type: 'json' };",
      "export { e } from './e.ts';",
      "export * from './f.ts';",
      "const g = () => import('./g.ts');",
    ].join('\n');
    expect(specifiers(text)).toEqual([
      './effect.ts',
      './a.ts',
      './b.ts',
      'node:fs',
      '../table.json',
      './e.ts',
      './f.ts',
      './g.ts',
    ]);
  });

  it('tell types, which are erased, and those that are loaded later', () => {
    const text =
      "import type { A } from './a.ts';\nexport type { B } from './b.ts';\nimport { type C, d } from './c.ts';\nawait import('./d.ts');\n";
    expect(importsOf(text)).toEqual([
      { specifier: './a.ts', typeOnly: true, dynamic: false },
      { specifier: './b.ts', typeOnly: true, dynamic: false },
      { specifier: './c.ts', typeOnly: false, dynamic: false },
      { specifier: './d.ts', typeOnly: false, dynamic: true },
    ]);
  });

  it('are not found in comments, or where a text only looks like one', () => {
    const text =
      "/** import { a } from './a.ts'; */\n// import './b.ts';\nexport const from = 'from';\nexport const x = 1;\nconst y = ' from ';\n";
    expect(specifiers(text)).toEqual([]);
  });
});

describe('the closure of a file', () => {
  it('is every own file that runs with it, once, and each package with its locked version', () => {
    write(
      'stages/x/stage.ts',
      "import { z } from 'zod';\nimport { a } from '../../shared/util/a.ts';\nimport type { T } from './types.ts';\nimport 'node:fs';",
    );
    write(
      'shared/util/a.ts',
      "import b from '@a/b/deep';\nimport { c } from './c.ts';\nimport d from './d.json' with { type: 'json' };",
    );
    write('shared/util/c.ts', "import { a } from './a.ts';");
    write('shared/util/d.json', '{}');
    write('stages/x/types.ts', "import './never.ts';");
    expect(importClosure(dir, 'stages/x/stage.ts')).toEqual({
      files: ['shared/util/a.ts', 'shared/util/c.ts', 'shared/util/d.json', 'stages/x/stage.ts'],
      packages: ['@a/b@1.2.3', 'zod@4.0.0'],
    });
  });

  it('does not guess the version of a package that is not locked', () => {
    write('stages/x/stage.ts', "import 'left-pad';");
    expect(() => importClosure(dir, 'stages/x/stage.ts')).toThrow('left-pad is not in package-lock.json');
  });
});

describe('the rules', () => {
  it('name the room of a file', () => {
    expect(
      ['shared/store/a.ts', 'stages/x/stage.ts', 'scripts/a.ts', 'tests/a.ts', 'vitest.config.ts'].map(roomOf),
    ).toEqual(['shared/store', 'stages', 'scripts', undefined, undefined]);
  });

  it('allow what the table allows', () => {
    write(
      'shared/runner/a.ts',
      "import '../store/b.ts';\nimport '../contract/c.ts';\nimport '../util/d.ts';\nimport './e.ts';\nimport 'node:fs';",
    );
    write('shared/contract/c.ts', "import { z } from 'zod';");
    write('stages/x/stage.ts', "import '../../shared/media/a.ts';\nimport './helper.ts';\nimport { z } from 'zod';");
    write('stages/index.ts', "import './x/stage.ts';\nimport './y/stage.ts';");
    write('scripts/a.ts', "import '../stages/index.ts';\nimport '../shared/runner/a.ts';\nimport yargs from 'yargs';");
    write(
      'stages/x/engines/e/worker.ts',
      "import '../../../../shared/worker/worker.ts';\nimport './own.ts';\nimport 'any-library';",
    );
    write('shared/store/a.test.ts', "import '../runner/a.ts';");
    expect(findImportViolations(dir)).toEqual([]);
  });

  it.each([
    ['shared/store/a.ts', '../process/b.ts', 'shared/store may not import shared/process'],
    ['shared/contract/a.ts', '../util/b.ts', undefined],
    ['shared/contract/a.ts', '../store/b.ts', 'shared/contract may not import shared/store'],
    ['shared/util/a.ts', 'zod', 'shared/util may not use this package'],
    ['shared/runner/a.ts', '../environment/b.ts', 'shared/runner may not import shared/environment'],
    ['shared/runner/a.ts', '../../scripts/b.ts', 'shared/runner may not import scripts'],
    ['shared/runner/a.ts', '../../tests/helpers/b.ts', 'outside the rooms'],
    ['stages/x/stage.ts', '../y/helper.ts', 'a stage may not import another stage'],
    ['stages/x/stage.ts', '../../shared/store/a.ts', 'stages may not import shared/store'],
    ['stages/x/stage.ts', 'execa', 'stages may not use this package'],
    ['scripts/a.ts', '../stages/x/stage.ts', 'scripts may not import stages'],
    ['stages/x/engines/e/worker.ts', '../../../../shared/util/a.ts', 'a worker may import'],
    ['stages/x/engines/e/worker.ts', '../../stage.ts', 'a worker may import'],
    ['stages/x/engines/e/engine.ts', '../../../../shared/contract/engine.ts', undefined],
  ])('%s importing %s: %s', (file, specifier, why) => {
    write(file, `import '${specifier}';`);
    const found = findImportViolations(dir);
    if (why === undefined) expect(found).toEqual([]);
    else expect(found).toEqual([expect.stringContaining(`${file} imports ${specifier}: `)]);
    if (why !== undefined) expect(found[0]).toContain(why);
  });

  it('hold for types and for what is loaded later too', () => {
    write('shared/store/a.ts', "import type { A } from '../runner/a.ts';\nconst b = () => import('../engines/b.ts');");
    expect(findImportViolations(dir)).toHaveLength(2);
  });

  it('find a cycle with its files, and none through types or imports that come later', () => {
    write('shared/util/a.ts', "import './b.ts';");
    write('shared/util/b.ts', "import './c.ts';");
    write('shared/util/c.ts', "import type { A } from './a.ts';\nconst later = () => import('./a.ts');");
    expect(findImportCycles(dir)).toEqual([]);
    write('shared/util/c.ts', "import { a } from './a.ts';");
    expect(findImportCycles(dir)).toEqual([['shared/util/a.ts', 'shared/util/b.ts', 'shared/util/c.ts']]);
  });

  it('look at every room', () => {
    for (const path of ['shared/util/a.ts', 'stages/x/b.ts', 'scripts/c.ts', 'tests/d.ts', 'other/e.ts'])
      write(path, '');
    expect(sourceFiles(dir)).toEqual(['scripts/c.ts', 'shared/util/a.ts', 'stages/x/b.ts', 'tests/d.ts']);
  });
});

describe('the digests of the code', () => {
  beforeEach(() => {
    write('stages/asr/stage.ts', "import '../../shared/util/a.ts';");
    write('stages/mix/stage.ts', '');
    write('shared/util/a.ts', '1');
    write(
      'stages/asr/engines/fake/engine.ts',
      "export const engine = defineEngine({\n  role: 'asr',\n  name: 'fake',\n  version: '3',\n});\n",
    );
    write('stages/asr/engines/fake/worker.py', 'print(1)');
    write('stages/asr/engines/fake/worker.test.ts', 'a test');
  });

  it('change with a file of the closure, for the stages that have it and no other', () => {
    const before = computeCode(dir);
    write('shared/util/a.ts', '2');
    const after = computeCode(dir);
    expect(Object.keys(before.stages)).toEqual(['asr', 'mix']);
    expect(after.stages.asr).not.toBe(before.stages.asr);
    expect(after.stages.mix).toBe(before.stages.mix);
  });

  it('change with the locked version of a package', () => {
    write('shared/util/a.ts', "import { z } from 'zod';");
    const before = computeCode(dir);
    write('package-lock.json', JSON.stringify({ packages: { 'node_modules/zod': { version: '4.0.1' } } }));
    expect(computeCode(dir).stages.asr).not.toBe(before.stages.asr);
  });

  it('of a worker that changed without its version are found, and a raised version is fine', () => {
    const before = computeCode(dir);
    expect(before.engines).toMatchObject({ 'asr/fake': { version: '3' } });
    expect(forgottenVersions(before, computeCode(dir))).toEqual([]);
    write('stages/asr/engines/fake/worker.py', 'print(2)');
    expect(forgottenVersions(before, computeCode(dir))).toEqual([
      'asr/fake is still version 3, but its worker changed: raise the version in its engine.ts',
    ]);
    write('stages/asr/engines/fake/engine.ts', "  role: 'asr',\n  version: '4',\n");
    expect(forgottenVersions(before, computeCode(dir))).toEqual([]);
  });

  it('do not ask for a new version for a test, for the description of an engine, or for a new engine', () => {
    const before = computeCode(dir);
    write('stages/asr/engines/fake/worker.test.ts', 'another test');
    write('stages/asr/engines/fake/engine.ts', "  role: 'asr',\n  version: '3',\n  worth: 'better',\n");
    write('stages/mix/engines/new/engine.ts', "  role: 'translate',\n  version: '1',\n");
    const after = computeCode(dir);
    expect(forgottenVersions(before, after)).toEqual([]);
    expect(after.engines['translate/new']).toMatchObject({ version: '1' });
  });

  it('notice a data file beside the worker, in a folder too', () => {
    const before = computeCode(dir);
    write('stages/asr/engines/fake/data/words.txt', 'a word');
    expect(forgottenVersions(before, computeCode(dir))).toHaveLength(1);
  });
});
