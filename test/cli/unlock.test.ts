import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { unlock } from '../../src/cli/unlock.js';
import type { Balancer } from '../../src/domain/ports.js';
import { type Holder, thisHolder } from '../../src/run/lock.js';
import { tagText } from '../../src/run/remote-lock.js';
import { fakeBalancer } from '../support/fake-balancer.js';
import { fakeIo } from '../support/fake-io.js';

const folder = mkdtempSync(join(tmpdir(), 'rollproof-unlock-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'lb.lock');
const now = new Date('2026-01-01T12:00:00Z');
const alive = thisHolder('alive-run', now);
/** Its process has ended, and its pid may be anybody's by now. */
const gone: Holder = { ...alive, runId: 'gone-run', pid: spawnSync(process.execPath, ['-e', '']).pid, born: '1' };
const elsewhere: Holder = { ...alive, runId: 'far-run', host: `not-${hostname()}` };

function rig(held: Holder | null, tagged: Holder | string | null = null) {
  rmSync(file, { force: true });
  if (held !== null) {
    writeFileSync(file, JSON.stringify(held));
    const beatAt = new Date(now.getTime() - 90_000);
    utimesSync(file, beatAt, beatAt);
  }
  const state = { tag: tagged === null || typeof tagged === 'string' ? tagged : tagText(tagged) };
  const balancer: Balancer = {
    ...fakeBalancer([]).balancer,
    lockTag: {
      read: async () => state.tag,
      write: () => Promise.reject(new Error('unlock writes no tag')),
      remove: async () => {
        state.tag = null;
      },
    },
  };
  const { io, out } = fakeIo({ wallTime: () => now });
  const run = (force: boolean) => unlock(file, balancer, force, io);
  return { run, out, state, isHeld: () => existsSync(file) || state.tag !== null };
}

describe('unlock', () => {
  it('says that nobody holds it', async () => {
    const r = rig(null);
    expect([await r.run(true), r.out()]).toEqual([0, 'nobody holds the lock\n']);
  });

  it('says who holds it and for how long nothing was heard, and removes nothing unasked', async () => {
    for (const [holder, said] of [
      [gone, /^held by gone-run, started by \S+, pid \d+ on .*; its process is gone; last sign of life 1 min 30 s ago/],
      [elsewhere, /^held by far-run, .*; last sign of life 1 min 30 s ago/],
    ] as const) {
      const r = rig(holder, holder);
      expect(await r.run(false)).toBe(3);
      expect(r.out()).toMatch(said);
      expect(r.out()).toContain('tag on the load balancer: run=');
      expect(existsSync(file) && r.state.tag !== null).toBe(true);
    }
  });

  it('with --force takes it from a run that is gone or on another machine, file and tag', async () => {
    for (const [held, tagged] of [
      [gone, gone],
      [elsewhere, elsewhere],
      [null, elsewhere],
      [gone, null],
      [null, 'maintenance until noon'],
    ] as const) {
      const r = rig(held, tagged);
      expect(await r.run(true)).toBe(0);
      expect(r.isHeld()).toBe(false);
    }
  });

  it('never takes it from a run that is alive on this machine, wherever it keeps its lock', async () => {
    for (const [held, tagged] of [
      [alive, alive],
      [alive, null],
      // Started with another state directory: only the tag tells.
      [null, alive],
      [gone, alive],
    ] as const) {
      const r = rig(held, tagged);
      await expect(r.run(true)).rejects.toMatchObject({
        code: 'LOCK_HELD',
        message: expect.stringContaining(`pid ${alive.pid} on this machine`),
      });
      expect(existsSync(file)).toBe(held !== null);
      expect(r.state.tag !== null).toBe(tagged !== null);
    }
  });
});
