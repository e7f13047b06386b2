import { defineConfig } from 'vitest/config';

/** `npm run matrix`: every scenario of scenarios/matrix through the built program, some at a time. */
export default defineConfig({
  test: {
    include: ['test/matrix/**/*.matrix.ts'],
    testTimeout: 240_000,
    hookTimeout: 60_000,
    // Rows wait far more than they work; more than this and the generators would no longer be honest witnesses.
    maxConcurrency: Number(process.env.MATRIX_JOBS ?? 3),
    reporters: ['default'],
  },
});
