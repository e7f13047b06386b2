// Runs test files against one mutant after another in one process. The mutant exists only in Vitest's transform: the
// work tree is never written. Killed from outside when a mutant does not end.
import { createVitest } from 'vitest/node';
import { mutated } from './sites.mjs';

await work(process.argv[2]);

/** Answers every `{ file, mutant, tests }` message with `{ survived }`; `mutant: null` runs the source as it is. */
async function work(root) {
  let current = null;
  const plugin = {
    name: 'mutant',
    enforce: 'pre',
    transform(code, id) {
      return current?.mutant && id.split('?')[0] === current.file
        ? { code: mutated(code, current.mutant), map: null }
        : null;
    },
  };
  const vitest = await createVitest(
    'test',
    {
      root,
      watch: false,
      config: false,
      include: ['**/*.test.ts'],
      pool: 'threads',
      maxWorkers: 1,
      bail: 1,
      // As patient as the tests themselves: on a busy machine a slow test is no sign of a mutant.
      testTimeout: 90_000,
      reporters: [{}],
    },
    { plugins: [plugin], logLevel: 'silent', server: { watch: null } },
  );
  process.on('message', async (message) => {
    const before = current;
    current = message;
    for (const file of [before?.file, current.file]) if (file) vitest.invalidateFile(file);
    const specs = [];
    for (const test of message.tests) specs.push(...(await vitest.globTestSpecifications([test])));
    if (specs.length === 0) throw new Error(`no such tests: ${message.tests}`);
    const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specs, false);
    const survived = unhandledErrors.length === 0 && testModules.every((module) => module.ok());
    process.send({ survived, ran: testModules.length });
  });
  process.on('disconnect', () => process.exit(0));
  process.send('ready');
}
