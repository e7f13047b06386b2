import type { Command } from 'commander';
import type { Io } from './io.js';

/** `rollproof schema`: the JSON Schema of scenario files, for editors. */
export function addSchema(program: Command, io: Io): void {
  program
    .command('schema')
    .description('print the JSON Schema of scenario files')
    .option('--markdown', 'print the reference of all keys instead')
    .action(async (options: { markdown?: true }) => {
      if (options.markdown === true) {
        const { scenarioReference } = await import('../config/reference.js');
        io.stdout.write(scenarioReference());
        return;
      }
      const { scenarioJsonSchema } = await import('../config/schema.js');
      io.stdout.write(`${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`);
    });
}
