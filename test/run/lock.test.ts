import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { acquireLock, lockFile, lockHolder } from '../../src/run/lock.js';

const folder = mkdtempSync(join(tmpdir(), 'rollproof-lock-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const now = new Date(0);
const left = (holder: object) => writeFileSync(join(folder, 'x.lock'), JSON.stringify(holder));

describe('one roll per balancer', () => {
  it('is refused while another one holds the lock, and free afterwards', () => {
    const release = acquireLock(folder, 'elb/us-east-1/a b', 'first', now);
    expect(() => acquireLock(folder, 'elb/us-east-1/a b', 'second', now)).toThrow(
      /another run .* first, started by \S+, pid/,
    );
    release();
    acquireLock(folder, 'elb/us-east-1/a b', 'second', now)();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('takes over from a process that is gone, and from a lock nobody can read', () => {
    for (const text of ['half a li', 'null', '']) {
      writeFileSync(join(folder, 'x.lock'), text);
      acquireLock(folder, 'x', 'mine', now)();
    }
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    left({ pid: gone, born: '1', host: hostname(), runId: 'r', since: '' });
    acquireLock(folder, 'x', 'mine', now)();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('never takes over from another host', () => {
    left({ pid: 1, born: null, host: 'other', runId: 'r', since: '' });
    expect(() => acquireLock(folder, 'x', 'mine', now)).toThrow(/on other/);
    rmSync(join(folder, 'x.lock'));
  });

  it.runIf(process.platform === 'linux')('is not fooled by a dead holder’s pid that lives again', () => {
    left({ pid: process.pid, born: 'in another life', host: hostname(), runId: 'r', since: '' });
    acquireLock(folder, 'x', 'mine', now)();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('lets only one of two take over, and says how to get out of a take-over that died', () => {
    writeFileSync(join(folder, 'x.lock'), 'stale');
    writeFileSync(join(folder, 'x.lock.takeover'), '');
    expect(() => acquireLock(folder, 'x', 'mine', now)).toThrow(/taking over/);
    expect(readFileSync(join(folder, 'x.lock'), 'utf8')).toBe('stale');
    for (const file of readdirSync(folder)) rmSync(join(folder, file));
  });

  it('shows every 10 s that it lives, in its own file only, and stops when it is given back', () => {
    vi.useFakeTimers({ now: 1_000_000_000_000 });
    try {
      const release = acquireLock(folder, 'x', 'mine', new Date());
      const file = lockFile(folder, 'x');
      const beatAt = () => statSync(file).mtimeMs;
      const silence = () => utimesSync(file, new Date(0), new Date(0));
      silence();
      vi.advanceTimersByTime(9_000);
      expect(beatAt()).toBe(0);
      expect(lockHolder(file, new Date(90_000))).toMatchObject({ holder: { runId: 'mine' }, silentMs: 90_000 });
      vi.advanceTimersByTime(1_000);
      expect(beatAt()).toBe(1_000_000_010_000);
      expect(lockHolder(file, new Date())?.silentMs).toBe(0);
      // Somebody broke it and took it: its silence is not ours to hide.
      left({ pid: 1, born: null, host: 'other', runId: 'theirs', since: '' });
      silence();
      vi.advanceTimersByTime(30_000);
      expect(beatAt()).toBe(0);
      release();
      expect(vi.getTimerCount()).toBe(0);
      expect(lockHolder(file, new Date())?.holder.runId).toBe('theirs');
    } finally {
      vi.useRealTimers();
      rmSync(join(folder, 'x.lock'), { force: true });
    }
  });

  it('releases nobody else’s lock', () => {
    const release = acquireLock(folder, 'x', 'first', now);
    rmSync(join(folder, 'x.lock'));
    const second = acquireLock(folder, 'x', 'second', now);
    release();
    expect(() => acquireLock(folder, 'x', 'third', now)).toThrow(/second/);
    second();
  });

  it('says where to put it when it cannot be written', () => {
    const file = join(folder, 'a-file');
    writeFileSync(file, '');
    expect(() => acquireLock(join(file, 'below'), 'x', 'mine', now)).toThrow(
      expect.objectContaining({ code: 'DISK_WRITE_FAILED', hint: expect.stringContaining('ROLLPROOF_STATE_DIR') }),
    );
    expect(() => acquireLock(file, 'x', 'mine', now)).toThrow(expect.objectContaining({ code: 'DISK_WRITE_FAILED' }));
  });
});
