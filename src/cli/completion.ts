import type { Command } from 'commander';
import { RollproofError } from '../domain/errors.js';
import { bashCompletion } from './completion-bash.js';
import { fishCompletion } from './completion-fish.js';
import { commandTree } from './completion-tree.js';
import { zshCompletion } from './completion-zsh.js';
import type { Io } from './io.js';

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

/** `rollproof completion SHELL`: a script that knows every command and option; made from the command tree, so it cannot rot. */
export function addCompletion(program: Command, io: Io): void {
  program
    .command('completion')
    .description('print a completion script for bash, zsh or fish')
    .argument('<shell>', Object.keys(SHELLS).join(', '))
    .action((shell: string) => {
      if (!Object.hasOwn(SHELLS, shell))
        throw new RollproofError('ARGUMENT_INVALID', `there is no completion for ${shell}`, {
          hint: `known shells: ${Object.keys(SHELLS).join(', ')}`,
        });
      io.stdout.write(SHELLS[shell as keyof typeof SHELLS](commandTree(program)));
    });
}
