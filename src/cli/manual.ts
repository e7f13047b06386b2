import type { Command } from 'commander';
import { EXIT } from '../domain/errors.js';
import { type ManualPage, PAGES, VARIABLES } from './manual-pages.js';

const EXIT_WORDS: Readonly<Record<keyof typeof EXIT, string>> = {
  pass: 'PASS, or done',
  fail: 'FAIL: downtime was seen, or a wrong version',
  inconclusive: 'INCONCLUSIVE: nothing was proven',
  refused: 'refused before anything was touched, or a step failed',
  usage: 'bad arguments, scenario or run directory',
  unavailable: 'a needed tool or service is missing, or an engine failed its self-test',
  internal: 'internal error',
  interrupted: 'stopped by Ctrl-C; targets are attached again first',
  terminated: 'stopped by SIGTERM; targets are attached again first',
};

/** Adds examples, exit codes and environment variables to the help of every command. */
export function addManual(program: Command): void {
  const below = (command: Command, path: readonly string[]): void => {
    const page = PAGES[path.join(' ')];
    if (page !== undefined) command.addHelpText('after', textOf(page));
    for (const child of command.commands) below(child, [...path, child.name()]);
  };
  below(program, []);
}

/** Pages of commands that are not there: a renamed command must take its page along. */
export function pagesWithoutCommand(program: Command): readonly string[] {
  return Object.keys(PAGES).filter((path) => find(program, path.split(' ')) === undefined);
}

function find(command: Command, path: readonly string[]): Command | undefined {
  return path.reduce<Command | undefined>((at, word) => at?.commands.find((c) => c.name() === word), command);
}

function textOf({ examples, exits, env = [] }: ManualPage): string {
  return [
    '',
    'Examples:',
    ...examples.flatMap(([line, what]) => [`  rollproof ${line}`, `      ${what}`]),
    '',
    'Exit codes:',
    ...exits.map((name) => `  ${String(EXIT[name]).padEnd(4)} ${EXIT_WORDS[name]}`),
    ...(env.length === 0 ? [] : ['', 'Environment:', ...env.map((name) => `  ${name}\n      ${VARIABLES[name]}`)]),
  ].join('\n');
}
