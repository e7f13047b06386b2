import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, utimesSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  acquireLock,
  type Holder,
  joinShared,
  lockFile,
  lockHolder,
  releaseShared,
  sharedHolder,
} from '../../src/run/lock.js';
import { holderOf, joinRemoteLock, releaseRemoteLock, tagText } from '../../src/run/remote-lock.js';
import { fakeClock } from '../support/fake-clock.js';

const folder = mkdtempSync(join(tmpdir(), 'rollproof-shared-'));
afterEach(() => rmSync(join(folder, 'elb.lock'), { force: true }));
const now = new Date();
const lockOf = (runId: string, change: Partial<Holder> = {}) => ({
  stateDir: folder,
  key: 'elb',
  holder: { ...sharedHolder(runId, 'anna', now), ...change },
});
const file = lockFile(folder, 'elb');
const gonePid = () => spawnSync(process.execPath, ['-e', '']).pid;

describe('the lock of a run of several processes', () => {
  it('is joined by its own steps, refused to others, and outlives the process that took it', () => {
    joinShared(lockOf('pipe-7', { pid: gonePid(), born: '1' }), true)();
    joinShared(lockOf('pipe-7'), false)();
    expect(() => joinShared(lockOf('pipe-8'), false)).toThrow(/another run .* pipe-7, started by anna/);
    expect(() => acquireLock(folder, 'elb', 'a run of one process', now)).toThrow(/pipe-7/);
    releaseShared(lockOf('pipe-8'));
    expect(lockHolder(file, now)?.holder.runId).toBe('pipe-7');
    releaseShared(lockOf('pipe-7'));
    expect(lockHolder(file, now)).toBeNull();
  });

  it('is claimed by the traffic, whose life then shows that the run lives', () => {
    joinShared(lockOf('pipe-7', { pid: gonePid(), born: '1' }), true)();
    joinShared(lockOf('pipe-7'), true)();
    expect(lockHolder(file, now)?.holder.pid).toBe(process.pid);
    utimesSync(file, new Date(0), new Date(0));
    expect(() => joinShared(lockOf('pipe-8'), false)).toThrow(/pipe-7/);
  });

  it('lapses when its process is gone and it showed no life for ten minutes, on this host only', () => {
    const silent = (ms: number) => {
      const at = new Date(Date.now() - ms);
      utimesSync(file, at, at);
    };
    joinShared(lockOf('pipe-7', { pid: gonePid(), born: '1' }), true)();
    silent(9 * 60_000);
    expect(() => joinShared(lockOf('pipe-8'), false)).toThrow(/pipe-7/);
    silent(11 * 60_000);
    joinShared(lockOf('pipe-8', { pid: gonePid(), born: '1', host: `not-${hostname()}` }), true)();
    expect(lockHolder(file, now)?.holder.runId).toBe('pipe-8');
    silent(11 * 60_000);
    expect(() => joinShared(lockOf('pipe-9'), false)).toThrow(/pipe-8/);
    expect(statSync(file).isFile()).toBe(true);
  });

  it('at the balancer: taken once, found again by the run, never taken over, given back by any step', async () => {
    let text: string | null = null;
    const tag = {
      read: async () => text,
      write: async (value: string) => {
        text = value;
      },
      remove: async () => {
        text = null;
      },
    };
    const deps = { clock: fakeClock(), random: () => 0 };
    const signal = new AbortController().signal;
    const holder = { ...lockOf(`pipe with spaces ${'x'.repeat(100)}`).holder, pid: gonePid(), born: '1' };
    await joinRemoteLock(tag, holder, deps, signal);
    const first = text;
    expect(tagText({ ...holder, host: 'h'.repeat(99), owner: 'o'.repeat(99) }).length).toBeLessThanOrEqual(256);
    expect(holderOf(first ?? '')).toMatchObject({ isShared: true, owner: 'anna' });
    await joinRemoteLock(tag, { ...holder, pid: process.pid }, deps, signal);
    expect(text).toBe(first);
    await expect(joinRemoteLock(tag, lockOf('pipe-8').holder, deps, signal)).rejects.toThrow(/is locked: pipe-with/);
    await releaseRemoteLock(tag, lockOf('pipe-8').holder, signal);
    expect(text).toBe(first);
    await releaseRemoteLock(tag, { ...holder, pid: process.pid }, signal);
    expect(text).toBeNull();
  });
});
