import { defineConfig } from 'vitest/config';

/** Times: unit tests are pure and fast; integration and fault tests start real processes; engines and models use real engines. */
const project = (name: string, include: readonly string[], testTimeout: number) => ({
  extends: true as const,
  test: {
    name,
    include: [...include],
    testTimeout,
    hookTimeout: testTimeout,
  },
});

const full = process.env.BABELREEL_TEST_FULL === '1';

export default defineConfig({
  test: {
    globals: false,
    restoreMocks: true,
    reporters: ['default', './tests/helpers/closing-line-reporter.ts'],
    projects: [
      project('unit', ['shared/**/*.test.ts', 'stages/**/*.test.ts', 'scripts/**/*.test.ts'], 20_000),
      project('integration', ['tests/integration/**/*.test.ts', 'tests/conformance/**/*.test.ts'], 120_000),
      project('fault', ['tests/fault/**/*.test.ts'], 180_000),
      // Model store against lying servers, damaged files and the official clients; BABELREEL_TEST_FULL=1 for the long forms.
      project('models', [`tests/models/**/*.${full ? '{test,full}' : 'test'}.ts`], full ? 600_000 : 120_000),
      project('engines', ['tests/e2e/**/*.test.ts'], 300_000),
      // Figures of time and memory: `npm run bench`, alone on the machine and one after the other; not part of ./test.sh.
      {
        extends: true as const,
        test: {
          name: 'bench',
          include: ['scripts/bench/**/*.bench.ts'],
          testTimeout: 1_800_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
