import { describe, expect, it } from 'vitest';
import type { RunEvent, RunEventOf } from '../../src/domain/event.js';
import type { ProbeAnswer } from '../../src/domain/ports.js';
import type { DetachedTarget } from '../../src/pipeline/safety/detached.js';
import { recoverTargets } from '../../src/pipeline/safety/recovery.js';
import { fakeBalancer } from '../support/fake-balancer.js';
import { fakeClock } from '../support/fake-clock.js';

const target = { id: 'a', instance: 'i-a', url: 'http://a/' };
const command: RunEventOf<'deploy-started'> = {
  kind: 'deploy-started',
  at: 0,
  target: 'a',
  pid: 4711,
  born: '1',
  host: 'here',
};
const sound: ProbeAnswer = { ok: true, version: 'v2', said: 'it answers 200 with version v2' };

/** A killed run left target a out while its deploy command ran; that command ends at `endsAt`. */
function rig(endsAt: number, { deployMs = 60_000, stopAt = Number.POSITIVE_INFINITY } = {}) {
  const fake = fakeBalancer([target]);
  fake.states.set('i-a', 'unused');
  const events: RunEvent[] = [];
  const stop = new AbortController();
  const clock = fakeClock((now) => {
    if (now >= stopAt) stop.abort();
  });
  let attachedAt = Number.NaN;
  const balancer = {
    ...fake.balancer,
    attach: (...args: Parameters<typeof fake.balancer.attach>) => {
      attachedAt = clock.now();
      return fake.balancer.attach(...args);
    },
  };
  const left: DetachedTarget[] = [{ target: 'a', deploy: 'open', command }];
  const recover = () =>
    recoverTargets(
      left,
      [target],
      {
        balancer,
        probe: { ask: async () => sound },
        events: { append: (e) => events.push(e) },
        clock,
        deployRuns: ({ pid }) => pid === 4711 && clock.now() < endsAt,
        deployMs,
      },
      stop.signal,
    );
  return { ...fake, recover, events, attachedAt: () => attachedAt };
}

describe('a deploy command that outlived its run', () => {
  it('is waited for before its target is attached: it may still stop the application', async () => {
    const r = rig(45_000);
    expect(await r.recover()).toEqual([]);
    expect(r.attachedAt()).toBeGreaterThanOrEqual(45_000);
  });

  it('keeps its target out when it runs longer than a deploy may, and is named with its pid and the command', async () => {
    const r = rig(Number.POSITIVE_INFINITY);
    expect(await r.recover()).toEqual(['a']);
    expect(r.calls).toEqual([]);
    expect(r.events.at(-1)).toMatchObject({
      kind: 'recovery',
      ok: false,
      message: 'left detached because its deploy command (pid 4711) still runs; when it is sound: attach-by-hand i-a',
    });
  });

  it('is not waited for any longer once a person has given up', async () => {
    const r = rig(Number.POSITIVE_INFINITY, { deployMs: Number.MAX_SAFE_INTEGER, stopAt: 3_000 });
    expect(await r.recover()).toEqual(['a']);
    expect(r.calls).toEqual([]);
  });
});
