import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Io } from '../../src/cli/io.js';
import { type LiveDisplay, liveDisplay } from '../../src/cli/live.js';
import { fakeClock } from '../support/fake-clock.js';
import { fakeIo } from '../support/fake-io.js';
import { testScenario } from '../support/scenario.js';

const open: LiveDisplay[] = [];
afterEach(() => {
  for (const live of open.splice(0)) live.end();
});

function display(terminal: Partial<Io['stderr']>, env: Io['env'] = {}) {
  const written: string[] = [];
  const stderr = { write: (t: string) => void written.push(t), isTty: true, columns: 80, rows: 24, ...terminal };
  const live = liveDisplay(testScenario(), fakeClock(), {}, fakeIo({ env, stderr }).io);
  open.push(live);
  return { live, written };
}
const warning = { kind: 'warning', at: 1, message: 'look' } as const;

describe('the progress display', () => {
  it.each([
    [20, 24],
    [80, 4],
    [200, 2],
    [3, 1],
  ])('never draws a block that %i columns and %i rows could not erase again', (columns, rows) => {
    const { live, written } = display({ columns, rows });
    live.event(warning);
    live.event(warning);
    const moves = [...written.join('').matchAll(/\x1b\[(\d+)A/g)].map((m) => Number(m[1]));
    expect(moves.length).toBeGreaterThan(0);
    expect(Math.max(...moves)).toBeLessThanOrEqual(Math.max(1, rows - 1));
  });

  it('prints plain lines on a terminal that cannot move its cursor', () => {
    const { live, written } = display({}, { TERM: 'dumb' });
    live.event(warning);
    expect(written.join('')).toContain('look');
    expect(written.join('')).not.toContain('\x1b');
  });

  it('keeps up with a deploy command that prints a flood, and says what it left out', () => {
    const { live, written } = display({ isTty: false });
    const began = performance.now();
    for (let i = 0; i < 300_000; i++) live.output(`line ${i}`);
    live.event(warning);
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(written.length).toBeLessThan(100);
    expect(written.join('')).toMatch(/line 0\n[\s\S]*… 2\d{5} more lines of output[\s\S]*look/);
  });
});

describe('with --quiet', () => {
  afterEach(() => {
    vi.useRealTimers();
  });
  /** Two minutes of a sleep in which nothing happens; when each line was printed, and what it said. */
  function quietFor(isTty: boolean) {
    vi.useFakeTimers({ now: 0 });
    const lines: { at: number; text: string }[] = [];
    const write = (text: string) => void lines.push({ at: Date.now(), text });
    const { io } = fakeIo({ stderr: { write, isTty, columns: 80, rows: 24 } });
    const clock = { ...fakeClock(), now: () => Date.now() };
    const live = liveDisplay(testScenario(), clock, { quiet: true }, io);
    live.event(warning);
    live.output('a line of the deploy');
    vi.advanceTimersByTime(120_000);
    live.end();
    return lines;
  }

  it('says at least every 30 s that it lives, and nothing else, where no person looks on', () => {
    const lines = quietFor(false);
    const gaps = lines.map(({ at }, i) => at - (lines[i - 1]?.at ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(30_000);
    expect(lines).toHaveLength(4);
    for (const { text } of lines) expect(text).toMatch(/traffic=waiting/);
  });

  it('says nothing at all at a terminal', () => {
    expect(quietFor(true)).toEqual([]);
  });
});
