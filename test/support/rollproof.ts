import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The built program as a process of its own; `seen` resolves when its stderr has shown a text. */
export function rollproof(
  argv: readonly string[],
  options: {
    readonly limitFileKiB?: number;
    readonly env?: Readonly<Record<string, string>>;
    readonly cwd?: string;
  } = {},
) {
  const command = [process.execPath, MAIN, ...argv];
  const env = { ...process.env, ...options.env };
  const cwd = options.cwd ?? process.cwd();
  const child: ChildProcess =
    options.limitFileKiB === undefined
      ? spawn(command[0] ?? '', command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], env, cwd })
      : spawn('bash', ['-c', `ulimit -f ${options.limitFileKiB}; exec "$@"`, '-', ...command], {
          stdio: ['ignore', 'pipe', 'pipe'],
          env,
          cwd,
        });
  let out = '';
  let err = '';
  const waiting: { text: string; resolve: () => void }[] = [];
  child.stdout?.on('data', (c) => {
    out += c;
  });
  child.stderr?.on('data', (c) => {
    err += c;
    for (const w of waiting) if (err.includes(w.text)) w.resolve();
  });
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, out, err })));
  const seen = (text: string) =>
    Promise.race([
      new Promise<void>((resolve) => waiting.push({ text, resolve })),
      ended.then((e) => {
        throw new Error(`ended with ${e.code} before it said ${text}:\n${e.err}`);
      }),
    ]);
  return { child, ended, seen };
}

/** The one run directory of a scenario below `out`. */
export function runDirectoryIn(out: string, scenario: string): string {
  const stamps = readdirSync(join(out, scenario));
  if (stamps.length !== 1) throw new Error(`expected one run in ${out}/${scenario}, found ${stamps.length}`);
  return join(out, scenario, stamps[0] ?? '');
}

/** Path → SHA-256 of everything below a folder. */
export function digests(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true, encoding: 'utf8' }).filter((f) =>
    f.isFile(),
  );
  return Object.fromEntries(
    files.map((f) => {
      const path = join(f.parentPath, f.name);
      return [path.slice(folder.length + 1), createHash('sha256').update(readFileSync(path)).digest('hex')] as const;
    }),
  );
}
