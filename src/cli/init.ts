import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { starterScenario } from '../config/starter.js';
import { RollproofError } from '../domain/errors.js';
import type { Io } from './io.js';

/** `rollproof init`: a commented scenario file to start from. Never overwrites. */
export function addInit(program: Command, io: Io): void {
  program
    .command('init')
    .description('write a commented scenario file to start from')
    .argument('[file]', 'where to write it', 'rollproof.yaml')
    .action((file: string) => {
      const path = resolve(io.cwd, file);
      if (existsSync(path)) {
        throw new RollproofError('ARGUMENT_INVALID', `${file} exists already`, {
          hint: 'give another name: rollproof init my-service.yaml',
        });
      }
      try {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, starterScenario(), { flag: 'wx' });
      } catch (cause) {
        throw new RollproofError(
          'DISK_WRITE_FAILED',
          `cannot write ${file}: ${cause instanceof Error ? cause.message : String(cause)}`,
          { cause },
        );
      }
      io.stdout.write(`wrote ${file}\nnext: edit it, then rollproof plan ${file}\n`);
    });
}
