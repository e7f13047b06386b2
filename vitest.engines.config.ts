import { defineConfig } from 'vitest/config';

/** `npm run matrix:engines`: scenarios of scenarios/matrix through every traffic engine; MATRIX_ONLY and MATRIX_ENGINES choose. */
export default defineConfig({
  test: {
    include: ['test/matrix/*.engines.ts'],
    testTimeout: 300_000,
    hookTimeout: 60_000,
    // JMeter and k6 take a core each: more at once and they would no longer be honest witnesses.
    maxConcurrency: Number(process.env.MATRIX_JOBS ?? 1),
    reporters: ['default'],
  },
});
