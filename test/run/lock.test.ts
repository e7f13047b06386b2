import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { acquireLock } from '../../src/run/lock.js';

const folder = mkdtempSync(join(tmpdir(), 'rollproof-lock-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const now = new Date(0);

describe('one roll per balancer', () => {
  it('is refused while another one holds the lock, and free afterwards', () => {
    const release = acquireLock(folder, 'elb/us-east-1/a b', 'first', now);
    expect(() => acquireLock(folder, 'elb/us-east-1/a b', 'second', now)).toThrow(/another roll .* first, pid/);
    release();
    acquireLock(folder, 'elb/us-east-1/a b', 'second', now)();
    expect(readdirSync(folder)).toEqual([]);
  });
  it('takes over from a process that is gone, and from a lock nobody can read', () => {
    writeFileSync(join(folder, 'x.lock'), 'half a li');
    acquireLock(folder, 'x', 'mine', now)();
    // Pids stop at 2^22 on Linux: this one never lives.
    const dead = { pid: 2 ** 22 + 1, host: 'other', runId: 'r', since: '' };
    writeFileSync(join(folder, 'x.lock'), JSON.stringify(dead));
    expect(() => acquireLock(folder, 'x', 'mine', now)).toThrow(/on other/);
  });
});
