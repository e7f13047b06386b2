import { spawnSync } from 'node:child_process';
import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { LockTag } from '../../src/domain/ports.js';
import { thisHolder } from '../../src/run/lock.js';
import { acquireRemoteLock, holderOf, tagText } from '../../src/run/remote-lock.js';
import { fakeClock } from '../support/fake-clock.js';

const never = new AbortController().signal;
const holder = (runId: string) => ({ ...thisHolder(runId, new Date(0)), host: `host-of-${runId}` });

/** One tag at one balancer, written by whoever comes. */
function tag(text: string | null = null) {
  const state = { text };
  const port: LockTag = {
    read: async () => state.text,
    write: async (value) => {
      state.text = value;
    },
    remove: async () => {
      state.text = null;
    },
  };
  return { state, port };
}
const deps = (onTick: () => void = () => undefined) => ({ clock: fakeClock(onTick), random: () => 0.5 });

describe('the lock as a tag at the balancer', () => {
  it('is taken, seen by others, and given back', async () => {
    const { state, port } = tag();
    const release = await acquireRemoteLock(port, holder('first'), deps(), never);
    await expect(acquireRemoteLock(port, holder('second'), deps(), never)).rejects.toMatchObject({
      code: 'LOCK_HELD',
      message: expect.stringContaining('first'),
    });
    await release();
    expect(state.text).toBeNull();
  });

  it('goes to the last of two that write at once, and to one only', async () => {
    const { state, port } = tag();
    const other = tagText(holder('other'));
    const late = deps(() => {
      state.text = other;
    });
    await expect(acquireRemoteLock(port, holder('mine'), late, never)).rejects.toThrow(
      /another run took the lock.*other/,
    );
    // The winner's tag stays.
    expect(state.text).toBe(other);
  });

  it('waits for a read that is behind its own write: the API is eventually consistent', async () => {
    const { state, port } = tag();
    const d = deps();
    const behind: LockTag = { ...port, read: async () => (d.clock.now() < 8_000 ? null : state.text) };
    const release = await acquireRemoteLock(behind, holder('mine'), d, never);
    await release();
    expect(state.text).toBeNull();
    const never2 = { ...port, read: async () => null };
    await expect(acquireRemoteLock(never2, holder('mine'), deps(), never)).rejects.toMatchObject({ code: 'LOCK_HELD' });
  });

  it('leaves nothing behind when it cannot be sure of it', async () => {
    const { state, port } = tag();
    let reads = 0;
    const flaky: LockTag = {
      ...port,
      read: () => (++reads === 2 ? Promise.reject(new Error('no answer')) : port.read(never)),
    };
    await expect(acquireRemoteLock(flaky, holder('mine'), deps(), never)).rejects.toThrow('no answer');
    expect(state.text).toBeNull();
    // The reply to the write is lost: it may well have been done.
    const lost: LockTag = {
      ...port,
      write: async (value) => {
        await port.write(value, never);
        throw new Error('reply lost');
      },
    };
    await expect(acquireRemoteLock(lost, holder('mine'), deps(), never)).rejects.toThrow('reply lost');
    expect(state.text).toBeNull();
  });

  it('takes nobody else’s away when it is given back', async () => {
    const { state, port } = tag();
    const release = await acquireRemoteLock(port, holder('first'), deps(), never);
    state.text = 'somebody’s own';
    await release();
    expect(state.text).toBe('somebody’s own');
  });

  it('takes over from a process of this host that is gone, never from another host or an unknown text', async () => {
    const gone = { ...holder('gone'), host: hostname(), pid: spawnSync(process.execPath, ['-e', '']).pid, born: '1' };
    await acquireRemoteLock(tag(tagText(gone)).port, holder('mine'), deps(), never);
    for (const text of [tagText({ ...gone, host: 'elsewhere' }), 'maintenance until noon'])
      await expect(acquireRemoteLock(tag(text).port, holder('mine'), deps(), never)).rejects.toThrow(/is locked/);
  });

  it('fits what AWS allows in a tag and reads itself back', () => {
    const long = { ...holder('r'.repeat(300)), owner: 'DOMAIN\\user name', host: 'h'.repeat(300) };
    expect(tagText(long)).toMatch(/^[A-Za-z0-9 _.:/=+@-]{1,256}$/);
    const plain = thisHolder('a-run', new Date(0));
    expect(holderOf(tagText(plain))).toEqual(plain);
    expect(holderOf('something else')).toBeNull();
  });
});
