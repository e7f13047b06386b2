import type { Io } from '../../src/cli/io.js';

/** A process that only remembers what was written to it. */
export function fakeIo(overrides: Partial<Io> = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const io: Io = {
    stdout: { write: (t) => void out.push(t), isTty: false, columns: 80, rows: 24 },
    stderr: { write: (t) => void err.push(t), isTty: false, columns: 80, rows: 24 },
    stdinIsTty: false,
    ask: () => Promise.resolve(''),
    env: {},
    cwd: process.cwd(),
    self: ['node', 'main.js'],
    tools: {},
    monotonicNs: () => 0n,
    wallTime: () => new Date(0),
    randomToken: () => '0123456789abcdef0123456789abcdef',
    openInBrowser: () => Promise.resolve(false),
    onSignal: () => () => undefined,
    onFault: () => () => undefined,
    exitNow: (code) => {
      throw new Error(`exit ${code}`);
    },
    ...overrides,
  };
  return { io, out: () => out.join(''), err: () => err.join('') };
}
