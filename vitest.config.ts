import { defineConfig } from 'vitest/config';

/** Whole runs of the built program in the lab: they wait far more than they work, so three at a time disturb nobody. */
const RUNS = ['test/integration/**/*.test.ts', 'test/lab/haproxy/verdicts.test.ts'];
/** Real processes, sockets and clocks: these share two cores with what they measure. */
const LIVE = [
  'test/balancer/**',
  'test/lab/**',
  'test/traffic/**',
  'test/run/**',
  'test/self-test/**',
  'test/pipeline/**',
];

export default defineConfig({
  test: {
    reporters: ['default'],
    testTimeout: 90_000,
    // GitHub's parser imports JSON the way bundlers do.
    server: { deps: { inline: [/@actions\//] } },
    projects: [
      {
        extends: true,
        test: {
          name: 'pure',
          include: ['test/**/*.test.ts'],
          exclude: [...LIVE, ...RUNS],
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'live',
          include: LIVE.map((folder) => `${folder}/*.test.ts`),
          exclude: RUNS,
          // One file at a time keeps the generator's evidence honest.
          fileParallelism: false,
          maxConcurrency: 3,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'runs',
          include: RUNS,
          maxWorkers: 3,
          maxConcurrency: 2,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
