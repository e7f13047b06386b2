import { describe, expect, it } from 'vitest';
import type { SilenceSeen } from '../../src/domain/ports.js';
import type { TargetState } from '../../src/domain/target.js';
import { type AwaitRequest, awaitTarget, silenceOf } from '../../src/pipeline/wait.js';
import { fakeBalancer, health } from '../support/fake-balancer.js';
import { fakeClock } from '../support/fake-clock.js';

const target = { id: 'one', instance: 'i-1' };

/** Awaits a target that says `state` until it is done or 60 s have passed; the instant it was done at. */
async function doneAt(
  state: TargetState,
  quiet: (at: number) => Omit<SilenceSeen, 'lastSentAt'>,
  request: Partial<AwaitRequest> = {},
  drainStateLags = true,
): Promise<number | string> {
  const clock = fakeClock();
  const balancer = { ...fakeBalancer([target]).balancer, drainStateLags, health: async () => [health(target, state)] };
  const traffic = { seenSince: () => false, silence: () => ({ lastSentAt: null, ...quiet(clock.now()) }) };
  const silence = silenceOf(2, 3_000, 2_000);
  const asked = { target, condition: 'drained', timeoutMs: 60_000, settleMs: 2_000, version: 'v2', since: 0 } as const;
  try {
    await awaitTarget(
      { ...asked, silence, ...request },
      { balancer, probe: { ask: async () => null }, traffic, clock },
      new AbortController().signal,
    );
    return clock.now();
  } catch (error) {
    return (error as { code: string }).code;
  }
}
const since10s = (at: number) => ({ ms: Math.max(0, at - 10_000), others: at > 10_000 ? 100 : 0 });

describe('a detach behind a balancer that says draining for the whole delay', () => {
  it('is done when nothing of the target was seen for longer than the longest request, and that has settled', async () => {
    expect(await doneAt('draining', since10s)).toBe(17_000);
  });
  it('is not done while answers of others are too few to prove its silence', async () => {
    expect(silenceOf(2, 0, 0).others).toBe(10);
    expect(await doneAt('draining', (at) => ({ ms: at, others: 9 }))).toBe('AWAIT_TIMEOUT');
  });
  it('waits for unused when asked to, or when the balancer’s state does not lag', async () => {
    expect(await doneAt('draining', since10s, { silence: undefined as never })).toBe('AWAIT_TIMEOUT');
    expect(await doneAt('draining', since10s, {}, false)).toBe('AWAIT_TIMEOUT');
  });
  it('never takes silence for the detach of a target that is still registered', async () => {
    for (const state of ['healthy', 'initial', 'unhealthy', 'unavailable'] as const)
      expect(await doneAt(state, since10s)).toBe('AWAIT_TIMEOUT');
  });
});
