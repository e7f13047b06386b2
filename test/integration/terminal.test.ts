import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';

const scenes = fileURLToPath(new URL('terminal-scene.mjs', import.meta.url));
const missing = spawnSync('python3', ['-c', 'import pty']).status === 0 ? null : 'python3 with its pty module';
const folder = mkdtempSync(join(tmpdir(), 'rollproof-pty-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach((ctx) => {
  if (missing === null) return;
  const words = `${missing} is not here: the progress display was NOT tested at a real terminal`;
  if (process.env.ROLLPROOF_REQUIRE_TOOLS === '1') throw new Error(words);
  // biome-ignore lint/suspicious/noConsole: a skipped terminal test must be seen.
  console.warn(`SKIPPED: ${words}`);
  ctx.skip(words);
});

/** Runs argv at a pseudo-terminal of the given size and prints all that came out of it, byte for byte. */
const RECORDER = `
import fcntl, os, pty, struct, sys, termios
rows, columns = int(sys.argv[1]), int(sys.argv[2])
pid, fd = pty.fork()
if pid == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
    os.execvp(sys.argv[3], sys.argv[3:])
out = sys.stdout.buffer
while True:
    try:
        chunk = os.read(fd, 65536)
    except OSError:
        break
    if not chunk:
        break
    out.write(chunk)
out.flush()
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status))
`;

interface Size {
  readonly rows: number;
  readonly columns: number;
}

function recorded({ rows, columns }: Size, env: Record<string, string>, args: readonly string[] = []) {
  const script = join(folder, 'record.py');
  writeFileSync(script, RECORDER);
  const run = spawnSync('python3', [script, String(rows), String(columns), process.execPath, scenes, ...args], {
    env: { PATH: process.env.PATH ?? '', TERM: 'xterm-256color', LANG: 'C.UTF-8', PYTHONCOERCECLOCALE: '0', ...env },
    timeout: 30_000,
  });
  return { text: run.stdout.toString('utf8'), status: run.status, err: run.stderr.toString('utf8') };
}

/** What stands on a screen of that size after the bytes: enough of a terminal for what we emit. */
function screenOf(text: string, { columns }: Size): { lines: string[]; widest: number } {
  const lines: string[] = [''];
  let row = 0;
  let widest = 0;
  const tokens = text.match(/\u001b\[[0-9;]*[A-Za-z]|\r|\n|[^\u001b\r\n]+/g) ?? [];
  for (const token of tokens) {
    const up = /^\u001b\[(\d+)A$/.exec(token);
    if (up !== null) row = Math.max(0, row - Number(up[1]));
    else if (token === '\u001b[0J') lines.splice(row, lines.length, '');
    else if (token === '\n') {
      row++;
      lines[row] ??= '';
    } else if (token !== '\r' && !token.startsWith('\u001b')) {
      lines[row] = (lines[row] ?? '') + token;
      // A line that is longer than the screen wraps, and then the block can no longer be erased.
      if (!token.includes('WIDE')) widest = Math.max(widest, [...(lines[row] ?? '')].length);
    }
  }
  return { lines, widest: Math.min(widest, columns + 1) };
}

describe('progress at a real terminal', () => {
  it.each([
    { rows: 24, columns: 100 },
    { rows: 24, columns: 40 },
    { rows: 8, columns: 64 },
    { rows: 3, columns: 20 },
  ])('redraws its block in place on $columns × $rows and leaves nothing of it behind', (size) => {
    const { text, status, err } = recorded(size, {});
    expect(status, err).toBe(0);
    const shown = screenOf(text, size).lines.join('\n');
    expect(text).toMatch(/\u001b\[\d+A\u001b\[0J/);
    const moves = [...text.matchAll(/\u001b\[(\d+)A/g)].map((m) => Number(m[1]));
    expect(Math.max(...moves)).toBeLessThan(size.rows);
    expect(shown).not.toMatch(/Ctrl-C stops|rollproof run/);
    expect(shown).toMatch(/first failed request/);
    expect(shown).toMatch(/THE END/);
  });

  it('keeps every line of the block inside 40 columns', () => {
    const size = { rows: 24, columns: 40 };
    const { text } = recorded(size, { NO_COLOR: '1' });
    const blocks = text
      .split(/\u001b\[\d+A\u001b\[0J/)
      .map((b) => b.split('\r\n').filter((l) => /^( |rollproof)/.test(l)));
    expect(blocks.flat().length).toBeGreaterThan(10);
    for (const line of blocks.flat()) expect([...line].length, line).toBeLessThan(40);
    expect(text).toMatch(/ staging-1 .* healthy/);
  });

  it('is coloured, and with NO_COLOR moves the cursor only', () => {
    const size = { rows: 24, columns: 100 };
    expect(recorded(size, {}).text).toMatch(/\u001b\[3[1-4]m/);
    const plain = recorded(size, { NO_COLOR: '1' }).text;
    expect(plain.replace(/\u001b\[\d+A|\u001b\[0J/g, '')).not.toContain('\u001b');
  });

  it('speaks ASCII where the locale is not UTF-8, in the same columns', () => {
    const size = { rows: 24, columns: 60 };
    const { text } = recorded(size, { LANG: 'C', NO_COLOR: '1' });
    expect(text).toMatch(/^[\x1b\r\n\x20-\x7e]+$/);
    expect(text).toContain('> detach staging-1');
    expect(text).toContain('##..');
  });

  it('lets hostile target names and warnings neither move nor colour anything', () => {
    const { text } = recorded({ rows: 24, columns: 100 }, { NO_COLOR: '1' }, ['hostile']);
    expect(text.replace(/\u001b\[\d+A\u001b\[0J/g, '')).not.toMatch(/[\u001b\u0007\u202e]/);
    expect(text).not.toMatch(/\u001b\[2J/);
  });

  it('appends lines and nothing else on a dumb terminal, coloured never', () => {
    const { text } = recorded({ rows: 24, columns: 100 }, { TERM: 'dumb' });
    expect(text).not.toContain('\u001b');
    expect(text).toMatch(/\d\d:\d\d\.\d{3} FAIL {2}first failed request/);
  });

  it('appends lines and a heartbeat into a pipe, whatever FORCE_COLOR says', () => {
    const run = spawnSync(process.execPath, [scenes], { env: { PATH: process.env.PATH ?? '', FORCE_COLOR: '1' } });
    const text = run.stderr.toString('utf8');
    expect(text).not.toContain('\u001b[');
    expect(text).toMatch(/beat {2}sent=\d+ failed=3 /);
  });

  it('with --quiet prints nothing of it', () => {
    const { text } = recorded({ rows: 24, columns: 100 }, {}, ['quiet']);
    expect(text.trim()).toBe('THE END');
  });
});
