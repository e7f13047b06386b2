import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, describe, expect, it } from 'vitest';
import { allCommands, commandTree } from '../../src/cli/completion-tree.js';
import { pagesWithoutCommand } from '../../src/cli/manual.js';
import { main, programFor } from '../../src/cli/program.js';
import { findProgram } from '../../src/traffic/foreign/process-host.js';
import { fakeIo } from '../support/fake-io.js';

const folder = mkdtempSync(join(tmpdir(), 'rollproof-completion-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function script(shell: string): Promise<string> {
  const fake = fakeIo();
  expect(await main(['completion', shell], fake.io)).toBe(0);
  const file = join(folder, `rollproof.${shell}`);
  writeFileSync(file, fake.out());
  return file;
}

/** The words a shell offers after this line. */
type Offers = (file: string, line: string) => string[];

const run = (program: string, argv: string[]) => execFileSync(program, argv, { encoding: 'utf8', cwd: folder });
const lines = (text: string) => text.split('\n').filter((line) => line !== '');

const bash: Offers = (file, line) => {
  const words = line.split(' ');
  const code = `source ${file}; COMP_WORDS=(${words.map((w) => `'${w}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _rollproof; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return lines(run('bash', ['--norc', '-c', code]));
};
const fish: Offers = (file, line) =>
  lines(run('fish', ['--no-config', '-c', `source ${file}; complete -C '${line}'`])).map((l) => l.split('\t')[0] ?? '');
/** A real interactive zsh: the line is typed, Tab lists what there is. */
const zsh: Offers = (file, line) => {
  const code = `zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PS1= ; autoload -Uz compinit; compinit -u -D; source ${file}; zstyle ':completion:*' list-separator '#'; setopt no_list_beep no_auto_menu list_rows_first; LISTMAX=9999; bindkey '^I' complete-word; echo REA''DY"
zpty -r z out '*READY*'
zpty -w -n z $'${line}\\t\\t'
out= quiet=0
while (( quiet < 10 )); do
  if zpty -rt z part; then out+=$part quiet=0; else sleep 0.1; (( quiet++ )); fi
done
print -r -- $out
zpty -d z`;
  const text = run('zsh', ['-f', '-c', code]).replace(/\x1b\[[\d;?]*[A-Za-z]/g, ' ');
  return text.split(/\s+/).filter((word) => word !== '');
};

const SHELLS = { bash, fish, zsh };

for (const [name, offers] of Object.entries(SHELLS)) {
  const absent = findProgram(name, process.env) === null;
  if (absent && process.env.ROLLPROOF_REQUIRE_TOOLS === '1')
    throw new Error(`there is no ${name}: apt-get install ${name}`);
  describe.skipIf(absent)(`completion in real ${name}${absent ? ' (SKIPPED: not installed)' : ''}`, () => {
    it('offers commands, commands below commands, and the options of the one at hand', async () => {
      const file = await script(name);
      const commands = offers(file, 'rollproof re');
      for (const word of ['report', 'recover']) expect(commands).toContain(word);
      expect(offers(file, 'rollproof lab de').join(' ')).toContain('deploy');
      const options = offers(file, 'rollproof run --li');
      expect(options).toContain('--live-port');
      expect(options).not.toContain('--sleep');
    }, 30_000);
  });
}

describe('rollproof completion', () => {
  it('refuses a shell it does not know', async () => {
    expect(await main(['completion', 'tcsh'], fakeIo().io)).toBe(64);
  });

  it('knows every command and option of the program', async () => {
    const nodes = allCommands(commandTree(programFor(fakeIo().io, () => undefined)));
    const fake = fakeIo();
    await main(['completion', 'bash'], fake.io);
    for (const { path, options } of nodes) {
      expect(fake.out()).toContain(`'${path.join(' ')}'`);
      for (const flag of options.flatMap((o) => o.flags)) expect(fake.out()).toMatch(new RegExp(`[' ]${flag}[' ]`));
    }
  });
});

describe('the help of every command', () => {
  const program = programFor(fakeIo().io, () => undefined);

  it('says what every command, argument and option is for, and defaults as a person would type them', async () => {
    const below = (command: Command): readonly Command[] => [command, ...command.commands.flatMap(below)];
    for (const command of below(program).slice(1)) {
      const { registeredArguments: words, options } = command;
      expect(command.description(), command.name()).not.toBe('');
      for (const one of [...words, ...options]) expect(one.description, `${command.name()} ${one.name()}`).not.toBe('');
      expect(command.helpInformation(), command.name()).not.toMatch(/default: \d{4}/);
    }
  });

  it('has exit codes and an example, and no page is left of a command that went', async () => {
    expect(pagesWithoutCommand(program)).toEqual([]);
    for (const { path, commands } of allCommands(commandTree(program)).slice(1)) {
      const fake = fakeIo();
      expect(await main([...path.slice(1), '--help'], fake.io)).toBe(0);
      if (commands.length > 0) continue;
      expect(fake.out(), path.join(' ')).toMatch(/\nExit codes:\n {2}0 /);
      expect(fake.out(), path.join(' ')).toMatch(/\nExamples:\n {2}rollproof /);
    }
  });

  it('shows examples that the program accepts', async () => {
    const fake = fakeIo();
    await main(['doctor', '--help'], fake.io);
    expect(fake.out()).toMatch(/Environment:\n {2}ROLLPROOF_STATE_DIR/);
    for (const { path, options } of allCommands(commandTree(program)).slice(1)) {
      const page = fakeIo();
      await main([...path.slice(1), '--help'], page.io);
      const examples = [...page.out().matchAll(/^ {2}rollproof ([^|>\n]*)/gm)].map((m) => (m[1] ?? '').trim());
      const known = options.flatMap((o) => o.flags);
      for (const example of examples)
        for (const word of example.split(' ').filter((w) => /^--?[a-z]/.test(w)))
          expect(known, example).toContain(word);
    }
  });
});
