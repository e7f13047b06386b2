import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    // Real processes and sockets share two cores with the tests: one file at a time keeps the generator's evidence honest.
    fileParallelism: false,
    reporters: ['default'],
  },
});
