import { describe, expect, it } from 'vitest';
import { patientCall, type Retry, retryingBalancer } from '../../src/balancer/retrying.js';
import { RollproofError } from '../../src/domain/errors.js';
import type { Balancer } from '../../src/domain/ports.js';
import { fakeBalancer, refusal } from '../support/fake-balancer.js';
import { fakeClock } from '../support/fake-clock.js';
import { testScenario } from '../support/scenario.js';

const [target] = testScenario().targets;
const busy = new RollproofError('BALANCER_UNREACHABLE', 'Throttling: Rate exceeded');
const unknown = new RollproofError('BALANCER_REFUSED', 'no', {
  cause: Object.assign(new Error('no'), { Code: 'InvalidInstance' }),
});
const never = new AbortController().signal;

/** A balancer whose calls fail `failures` times with `error`. */
function rig(error: unknown, failures = Number.POSITIVE_INFINITY, random = () => 1) {
  const { balancer: inner } = fakeBalancer([target]);
  let left = failures;
  let reason = error;
  let attempts = 0;
  const failing =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      attempts++;
      if (left-- > 0) throw reason;
      return call(...args);
    };
  const broken: Balancer = {
    ...inner,
    attach: failing(inner.attach),
    detach: failing(inner.detach),
    health: failing(inner.health),
  };
  const clock = fakeClock();
  const retries: Retry[] = [];
  const balancer = retryingBalancer(broken, { clock, random, onRetry: (r) => retries.push(r) });
  const failNext = (why: unknown, times = Number.POSITIVE_INFINITY) => {
    reason = why;
    left = times;
  };
  return { balancer, clock, retries, failNext, attempts: () => attempts };
}

describe('a patient balancer', () => {
  it('asks again with doubling delays, capped, and tells of every retry', async () => {
    const r = rig(busy, 8);
    await r.balancer.detach(target, never);
    expect(r.retries.map((x) => x.delayMs)).toEqual([200, 400, 800, 1600, 3200, 6400, 8000, 8000]);
    expect(r.retries[0]).toEqual({ operation: 'detach staging-1', attempt: 1, delayMs: 200, error: busy.message });
  });

  it('draws the delay from all of [0, cap], so that many callers do not meet again', async () => {
    const r = rig(busy, 3, () => 0.25);
    await r.balancer.attach(target, never);
    expect(r.retries.map((x) => x.delayMs)).toEqual([50, 100, 200]);
  });

  it('gives up at the deadline with the last error, sooner for a question', async () => {
    for (const [call, limitMs] of [
      ['detach', 90_000],
      ['health', 20_000],
    ] as const) {
      const r = rig(busy);
      const asked = call === 'health' ? r.balancer.health([target], never) : r.balancer.detach(target, never);
      await expect(asked).rejects.toBe(busy);
      expect(r.clock.now()).toBeLessThanOrEqual(limitMs);
      expect(r.clock.now()).toBeGreaterThan(limitMs - 9_000);
    }
  });

  it('takes a refusal for an answer', async () => {
    const r = rig(refusal);
    await expect(r.balancer.attach(target, never)).rejects.toBe(refusal);
    expect(r.attempts()).toBe(1);
  });

  it('gives an instance a minute to become known to an attach, and none to a detach', async () => {
    const r = rig(unknown, 5);
    await r.balancer.attach(target, never);
    expect(r.attempts()).toBe(6);
    const late = rig(unknown);
    await expect(late.balancer.attach(target, never)).rejects.toBe(unknown);
    expect(late.clock.now()).toBeLessThanOrEqual(60_000);
    const detach = rig(unknown);
    await expect(detach.balancer.detach(target, never)).rejects.toBe(unknown);
    expect(detach.attempts()).toBe(1);
  });

  it('gives a question the same minute after an attach: DescribeInstanceHealth may not know the instance yet', async () => {
    // The first call is the attach itself.
    const r = rig(unknown, 0);
    await r.balancer.attach(target, never);
    r.failNext(unknown, 7);
    expect(await r.balancer.health([target], never)).toHaveLength(1);
    r.failNext(unknown);
    await expect(r.balancer.health([target], never)).rejects.toBe(unknown);
    expect(r.clock.now()).toBeLessThanOrEqual(60_000);
    // Nobody attached anything a moment ago: the id is simply wrong.
    const wrong = rig(unknown);
    await expect(wrong.balancer.health([target], never)).rejects.toBe(unknown);
    expect(wrong.attempts()).toBe(1);
  });

  it('stops with the run', async () => {
    const stop = new AbortController();
    const r = rig(busy);
    const asked = r.balancer.health([target], stop.signal);
    stop.abort();
    await expect(asked).rejects.toBe(busy);
    expect(r.attempts()).toBe(1);
  });
});

describe('a patient call', () => {
  const unanswered = new RollproofError('BALANCER_UNREACHABLE', 'no', { cause: new Error('connect ECONNREFUSED') });
  const throttled = new RollproofError('BALANCER_UNREACHABLE', 'busy', {
    cause: Object.assign(new Error('Rate exceeded'), { $metadata: {}, $fault: 'client' }),
  });
  const fails = (error: unknown) => () => Promise.reject(error);

  it('soon gives up on an address that never answered, and not on one that once did', async () => {
    const clock = fakeClock();
    const again = patientCall({ clock, random: () => 1, onRetry: () => undefined });
    await expect(again(fails(unanswered))).rejects.toBe(unanswered);
    expect(clock.now()).toBeLessThanOrEqual(5_000);
    await again(() => Promise.resolve('there'));
    const since = clock.now();
    await expect(again(fails(unanswered))).rejects.toBe(unanswered);
    expect(clock.now() - since).toBeGreaterThan(10_000);
  });

  it('does not make a call again that was aborted, although no answer came', async () => {
    const clock = fakeClock();
    const again = patientCall({ clock, random: () => 1, onRetry: () => undefined });
    const cut = Object.assign(new Error('Request aborted'), { name: 'AbortError' });
    const aborted = new RollproofError('BALANCER_UNREACHABLE', 'could not ask', { cause: cut });
    let calls = 0;
    const call = () => {
      calls++;
      return Promise.reject(aborted);
    };
    await expect(again(call)).rejects.toBe(aborted);
    expect([calls, clock.now()]).toEqual([1, 0]);
  });

  it('takes being throttled for an answer', async () => {
    const clock = fakeClock();
    const again = patientCall({ clock, random: () => 1, onRetry: () => undefined });
    await expect(again(fails(throttled))).rejects.toBe(throttled);
    const since = clock.now();
    await expect(again(fails(throttled))).rejects.toBe(throttled);
    expect(clock.now() - since).toBeGreaterThan(10_000);
  });
});
