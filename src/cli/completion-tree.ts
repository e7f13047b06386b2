import type { Command, Option } from 'commander';

/** What a completion script must know of one command. */
export interface CommandNode {
  /** Words that lead here, e.g. `['rollproof', 'lab', 'deploy']`. */
  readonly path: readonly string[];
  readonly description: string;
  readonly commands: readonly CommandNode[];
  readonly options: readonly OptionNode[];
}

export interface OptionNode {
  /** `-o`, `--out`. */
  readonly flags: readonly string[];
  readonly description: string;
  readonly takesValue: boolean;
  /** The values there are, where the command knows; empty = any, completed as a file name. */
  readonly choices: readonly string[];
}

/** The command tree, hidden commands left out. */
export function commandTree(command: Command, before: readonly string[] = []): CommandNode {
  const path = [...before, command.name()];
  const help = command.createHelp();
  return {
    path,
    description: oneLine(command.description()),
    commands: help
      .visibleCommands(command)
      .filter((c) => c.name() !== 'help')
      .map((c) => commandTree(c, path)),
    options: help.visibleOptions(command).map(optionNode),
  };
}

/** Every command of the tree, the root first. */
export function allCommands(root: CommandNode): readonly CommandNode[] {
  return [root, ...root.commands.flatMap(allCommands)];
}

function optionNode(option: Option): OptionNode {
  return {
    flags: [option.short, option.long].filter((flag) => flag !== undefined),
    description: oneLine(option.description),
    takesValue: option.required || option.optional,
    choices: option.argChoices ?? [],
  };
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** A word in single quotes for a POSIX shell and zsh. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
