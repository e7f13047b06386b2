import { describe, expect, it } from 'vitest';
import { RollproofError } from '../../src/domain/errors.js';
import type { RunEvent } from '../../src/domain/event.js';
import { stepLabel } from '../../src/domain/pipeline.js';
import type { Deployer, TargetProbe, TrafficView } from '../../src/domain/ports.js';
import type { Rollout, Scenario } from '../../src/domain/scenario.js';
import { pipelineOf, sleepMsOf } from '../../src/pipeline/compile.js';
import { runPipeline } from '../../src/pipeline/runner.js';
import { fakeBalancer, refusal } from '../support/fake-balancer.js';
import { fakeClock } from '../support/fake-clock.js';
import { testScenario } from '../support/scenario.js';

/** No target has an address of its own. */
const silentProbe: TargetProbe = { ask: async () => null };
const never = new AbortController().signal;

/** A rollout over two fake targets; `tick` sees every moment the clock moves. */
function rig(
  options: {
    rollout?: Partial<Rollout>;
    deployer?: Deployer;
    journal?: (e: RunEvent) => void;
    probe?: TargetProbe;
    traffic?: Partial<TrafficView>;
    members?: readonly string[];
    urls?: boolean;
  } = {},
) {
  const base = testScenario();
  const [one, two] = base.targets.map((t) => (options.urls === true ? { ...t, url: `http://${t.id}/` } : t));
  const scenario = testScenario({
    rollout: { ...base.rollout, ...options.rollout },
    targets: [one, two] as unknown as Scenario['targets'],
  });
  const fake = fakeBalancer(scenario.targets);
  const events: RunEvent[] = [];
  const stop = new AbortController();
  const at: { tick: (now: number) => void } = { tick: () => undefined };
  const clock = fakeClock((now) => at.tick(now));
  const run = (signal: AbortSignal = stop.signal) =>
    runPipeline(
      pipelineOf(scenario, null),
      {
        balancer: fake.balancer,
        deployer: options.deployer ?? { deploy: async () => undefined },
        events: {
          append(event) {
            options.journal?.(event);
            events.push(event);
          },
        },
        clock,
        targets: scenario.targets,
        rollout: scenario.rollout,
        runId: 'run',
        probe: options.probe ?? silentProbe,
        traffic: {
          seenSince: () => true,
          silence: () => ({ lastSentAt: null, ms: 0, others: 0 }),
          ...options.traffic,
        },
        members: options.members ?? scenario.targets.map((t) => t.instance),
      },
      signal,
      never,
    );
  return { ...fake, events, run, stop, at, scenario, clock };
}

describe('the rolling pipeline', () => {
  it('is the three stages of the plan it grew out of', () => {
    const pipeline = pipelineOf(testScenario(), null);
    expect(pipeline.stages.map((s) => [s.name, s.steps.map(stepLabel)])).toEqual([
      ['staging-1-out', ['detach staging-1', 'sleep 1 min', 'deploy staging-1']],
      ['staging-1-in', ['attach staging-1', 'sleep 1 min']],
      ['staging-2', ['detach staging-2', 'sleep 1 min', 'deploy staging-2', 'attach staging-2', 'sleep 1 min']],
    ]);
    expect(sleepMsOf(pipeline)).toBe(240_000);
  });

  it('asks the balancer instead of, or before, sleeping', () => {
    const labels = (wait: Rollout['wait']) =>
      pipelineOf(testScenario({ rollout: { ...testScenario().rollout, wait } }), null).stages[0].steps.map(stepLabel);
    expect(labels('health')).toEqual(['detach staging-1', 'await staging-1 drained', 'deploy staging-1']);
    expect(labels('both')).toEqual(['detach staging-1', 'await staging-1 drained', 'sleep 1 min', 'deploy staging-1']);
  });
});

describe('explicit stages', () => {
  const labels = (wait: Rollout['wait'], deploy = testScenario().rollout.deploy) => {
    const { rollout, targets } = testScenario();
    const [one, two] = targets;
    const steps = [
      { kind: 'detach', target: 'staging-1' },
      { kind: 'sleep', ms: 60_000 },
      { kind: 'deploy', target: 'staging-1' },
      { kind: 'sleep', ms: 5_000 },
      { kind: 'attach', target: 'staging-1' },
      { kind: 'sleep', ms: 60_000 },
    ] as const;
    const stages = [{ name: 'all', steps }];
    const named = [{ ...one, url: 'http://a/' }, two] as unknown as Scenario['targets'];
    return pipelineOf({ targets: named, rollout: { ...rollout, strategy: 'stages', stages, wait, deploy } }, null)
      .stages[0].steps;
  };
  const GATED = [
    'detach staging-1',
    'await staging-1 drained',
    'sleep 1 min',
    'deploy staging-1',
    'await staging-1 to answer',
    'sleep 5 s',
    'attach staging-1',
    'await staging-1 in service',
    'await staging-1 to be seen through the load balancer',
    'sleep 1 min',
  ];

  it('ask what a rolling deploy asks, with wait health or both; sleeps that are written are slept', () => {
    expect(labels('sleep').map(stepLabel)).toEqual(GATED.filter((label) => !label.startsWith('await')));
    for (const wait of ['health', 'both'] as const) expect(labels(wait).map(stepLabel)).toEqual(GATED);
    expect(labels('both', { kind: 'none' }).map(stepLabel)).not.toContain('await staging-1 to answer');
  });

  it('with both, count a sleep from the change right before it, and no other', () => {
    const counted = (wait: Rollout['wait']) =>
      labels(wait).flatMap((s) => (s.kind === 'sleep' ? [s.sinceChange === true] : []));
    expect(counted('both')).toEqual([true, false, true]);
    expect(counted('health')).toEqual([false, false, false]);
  });
});

describe('the runner', () => {
  it('journals the intent before and the acknowledgement after each call', async () => {
    const r = rig();
    expect(await r.run()).toEqual({ deploy: 'complete', stillDetached: [], error: null });
    expect(r.calls).toEqual(['detach staging-1', 'attach staging-1', 'detach staging-2', 'attach staging-2']);
    const kinds = r.events.filter((e) => 'step' in e || e.kind === 'balancer-call').map((e) => e.kind);
    expect(kinds.slice(0, 3)).toEqual(['step-intent', 'balancer-call', 'step-done']);
    expect(kinds.filter((k) => k === 'step-intent')).toHaveLength(10);
  });

  it('does not detach what it could not journal', async () => {
    const r = rig({
      journal: (event) => {
        if (event.kind === 'step-intent' && event.step.kind === 'detach')
          throw new RollproofError('DISK_WRITE_FAILED', 'no space');
      },
    });
    const end = await r.run();
    expect(end).toMatchObject({ deploy: 'failed', stillDetached: [] });
    // Only the harmless attach of the recovery, which cannot know how far the intent came.
    expect(r.calls).toEqual(['attach staging-1']);
  });

  it('attaches again although the journal cannot be written any more', async () => {
    let full = false;
    const r = rig({
      journal: (event) => {
        if (event.kind === 'balancer-call') full = true;
        if (full) throw new RollproofError('DISK_WRITE_FAILED', 'no space');
      },
    });
    const end = await r.run();
    expect(end).toMatchObject({ deploy: 'failed', stillDetached: [] });
    expect(r.calls).toEqual(['detach staging-1', 'attach staging-1']);
  });

  it('leaves a target out, and says so, when its deploy failed; never touches the next', async () => {
    const r = rig({ deployer: { deploy: () => Promise.reject(new RollproofError('DEPLOY_FAILED', 'exit 1')) } });
    const end = await r.run();
    expect(end).toMatchObject({ deploy: 'failed', stillDetached: ['staging-1'] });
    expect(end.error?.code).toBe('DEPLOY_FAILED');
    expect(r.calls).toEqual(['detach staging-1']);
    expect(r.events.find((e) => e.kind === 'recovery')).toMatchObject({
      ok: false,
      message: expect.stringContaining('attach-by-hand i-1'),
    });
  });

  it('attaches again when it is stopped, wherever that is', async () => {
    for (const stopAt of [1_000, 30_000, 60_500, 119_000, 150_000, 200_000]) {
      const r = rig();
      r.at.tick = (now) => {
        if (now >= stopAt) r.stop.abort('SIGINT');
      };
      const end = await r.run();
      expect(end).toMatchObject({ deploy: 'interrupted', stillDetached: [] });
      expect([...r.states.values()]).toEqual(['healthy', 'healthy']);
    }
  });

  it('calls a stop a stop although the question it cut off failed as unreachable', async () => {
    // The second read before the first detach, a poll of an await: what the SDK makes of an aborted request.
    for (const [wait, stopAt] of [
      ['sleep', 1_000],
      ['health', 2_000],
    ] as const) {
      const r = rig({ rollout: { wait, awaitTimeoutMs: 20_000 } });
      const health = r.balancer.health;
      Object.assign(r.balancer, {
        health: (...args: Parameters<typeof health>) =>
          args[1].aborted
            ? Promise.reject(new RollproofError('BALANCER_UNREACHABLE', 'Request aborted'))
            : health(...args),
      });
      r.at.tick = (now) => {
        if (now >= stopAt) r.stop.abort('SIGINT');
      };
      expect(await r.run()).toMatchObject({ deploy: 'interrupted', stillDetached: [], error: { code: 'INTERRUPTED' } });
    }
  });

  it('names the full disk that cut a deploy, and attaches all the same', async () => {
    const r = rig({
      deployer: {
        deploy: () => {
          r.stop.abort(new RollproofError('DISK_WRITE_FAILED', 'no space'));
          return Promise.reject(new RollproofError('INTERRUPTED', 'stopped'));
        },
      },
    });
    expect(await r.run()).toMatchObject({ deploy: 'failed', stillDetached: [], error: { message: 'no space' } });
    expect(r.calls).toEqual(['detach staging-1', 'attach staging-1']);
  });

  it('goes on asking a balancer that is silent for a while, but not one that refuses', async () => {
    const silentFor = (failures: number, error: RollproofError) => {
      const r = rig({ rollout: { wait: 'health', awaitTimeoutMs: 20_000 } });
      const health = r.balancer.health;
      let left = failures;
      Object.assign(r.balancer, {
        health: (...args: Parameters<typeof health>) =>
          r.calls.length > 0 && left-- > 0 ? Promise.reject(error) : health(...args),
      });
      return r.run();
    };
    const silent = new RollproofError('BALANCER_UNREACHABLE', 'no answer');
    expect(await silentFor(5, silent)).toMatchObject({ deploy: 'complete' });
    expect(await silentFor(500, silent)).toMatchObject({
      error: { code: 'AWAIT_TIMEOUT', message: expect.stringContaining('did not answer') },
      stillDetached: [],
    });
    expect(await silentFor(1, refusal)).toMatchObject({ error: { code: 'BALANCER_REFUSED' }, stillDetached: [] });
  });

  it('attaches a target whose deploy was cut by the stop', async () => {
    const deployer: Deployer = { deploy: () => Promise.reject(new RollproofError('INTERRUPTED', 'stopped')) };
    const r = rig({ deployer });
    expect(await r.run()).toMatchObject({ deploy: 'interrupted', stillDetached: [] });
    expect(r.calls).toEqual(['detach staging-1', 'attach staging-1']);
  });

  it('refuses a detach that would leave nobody in service, and a draining target is nobody', async () => {
    for (const state of ['unhealthy', 'draining', 'initial', 'unavailable'] as const) {
      const r = rig();
      r.states.set('i-2', state);
      const end = await r.run();
      expect(end.error?.code).toBe('MIN_IN_SERVICE');
      expect(end.error?.message).toContain(`staging-2 is ${state}`);
      expect(r.calls).toEqual([]);
    }
  });

  it('reads twice before a detach: one read can be stale', async () => {
    const r = rig();
    r.at.tick = () => r.states.set('i-2', 'unhealthy');
    expect((await r.run()).error?.code).toBe('MIN_IN_SERVICE');
    expect(r.calls).toEqual([]);
  });

  it('names what is still detached when the balancer refuses the attach', async () => {
    const r = rig();
    r.refuse.set('attach staging-1', refusal);
    expect(await r.run()).toMatchObject({ deploy: 'failed', stillDetached: ['staging-1'] });
    expect(r.calls.filter((c) => c === 'attach staging-1').length).toBe(4);
  });

  it('is patient with an API that is out of reach when it attaches again, for half a minute', async () => {
    for (const [failures, still] of [
      [7, []],
      [10_000, ['staging-1']],
    ] as const) {
      const r = rig();
      let left: number = failures;
      Object.assign(r.balancer, {
        attach: async () => {
          if (left-- > 0) throw new RollproofError('BALANCER_UNREACHABLE', 'no answer');
        },
      });
      expect(await r.run()).toMatchObject({ deploy: 'failed', stillDetached: still });
      expect(r.clock.now()).toBeLessThan(61_000 + 45_000);
    }
  });

  it('gives up waiting for health at the deadline with the balancer’s last words', async () => {
    const r = rig({ rollout: { wait: 'health', awaitTimeoutMs: 20_000 } });
    const attach = r.balancer.attach;
    Object.assign(r.balancer, {
      async attach(...args: Parameters<typeof attach>) {
        await attach(...args);
        r.states.set('i-1', 'initial');
      },
    });
    const end = await r.run();
    expect(end.error?.code).toBe('AWAIT_TIMEOUT');
    expect(end.error?.message).toContain('it is initial');
  });

  it('says why it was halted when the generator died', async () => {
    const r = rig();
    r.at.tick = (now) => {
      if (now > 30_000) r.stop.abort(new RollproofError('INTERNAL', 'the traffic engine ended by itself'));
    };
    expect(await r.run()).toMatchObject({ deploy: 'failed', stillDetached: [], error: { code: 'INTERNAL' } });
  });

  it('never detaches an instance the preflight did not see, forced or not', async () => {
    const r = rig({ members: ['i-2'], rollout: { minInService: 0 } });
    expect(await r.run()).toMatchObject({ error: { code: 'PREFLIGHT_REFUSED' }, stillDetached: [] });
    expect(r.calls).toEqual([]);
  });

  it('with both, lasts as long as the longer of the sleep and the balancer', async () => {
    // The sleep of a minute is counted from the acknowledged change, whatever the questions in between took.
    for (const [drainMs, expected] of [
      [0, 60_000],
      [50_000, 60_000],
      [90_000, 92_000],
    ] as const) {
      const r = rig({ rollout: { wait: 'both', awaitTimeoutMs: 300_000 } });
      const detach = r.balancer.detach;
      let detachedAt = Number.NaN;
      Object.assign(r.balancer, {
        async detach(...args: Parameters<typeof detach>) {
          await detach(...args);
          if (Number.isNaN(detachedAt)) {
            detachedAt = r.clock.now();
            r.states.set('i-1', drainMs === 0 ? 'unused' : 'draining');
          }
        },
      });
      r.at.tick = (now) => {
        if (now >= detachedAt + drainMs && r.states.get('i-1') === 'draining') r.states.set('i-1', 'unused');
      };
      expect(await r.run()).toMatchObject({ deploy: 'complete' });
      const deploy = r.events.find((e) => e.kind === 'step-intent' && e.step.kind === 'deploy');
      expect((deploy?.at ?? 0) - detachedAt).toBe(expected);
    }
  });

  it('believes a state that held for the settle time, not one that flaps', async () => {
    const r = rig({ rollout: { wait: 'health', awaitTimeoutMs: 60_000, settleMs: 3_000 } });
    let attachedAt = Number.NaN;
    const attach = r.balancer.attach;
    Object.assign(r.balancer, {
      async attach(...args: Parameters<typeof attach>) {
        await attach(...args);
        if (Number.isNaN(attachedAt)) attachedAt = r.clock.now();
      },
    });
    // Passes at once, fails after 2 s, passes again after 5 s: aws-missing-tools#32.
    r.at.tick = (now) => {
      const since = now - attachedAt;
      if (since >= 0 && since <= 20_000) r.states.set('i-1', since >= 2_000 && since < 5_000 ? 'unhealthy' : 'healthy');
    };
    expect(await r.run()).toMatchObject({ deploy: 'complete' });
    const seen = r.events.find(
      (e) => e.kind === 'step-intent' && e.step.kind === 'await' && e.step.condition === 'seen',
    );
    expect((seen?.at ?? 0) - attachedAt).toBe(8_000);
  });

  it('does not attach a target that answers with the old version, and attaches it again as it is', async () => {
    const ask: TargetProbe['ask'] = async () => ({ ok: true, version: 'v1', said: 'it answers 200 with version v1' });
    const r = rig({ urls: true, probe: { ask }, rollout: { wait: 'health', awaitTimeoutMs: 10_000 } });
    const end = await r.run();
    expect(end.error).toMatchObject({
      code: 'AWAIT_TIMEOUT',
      message: 'staging-1 did not answer with the new version after 10 s: it answers 200 with version v1',
    });
    // It is sound, if old: better in than out.
    expect(r.calls).toEqual(['detach staging-1', 'attach staging-1']);
    expect(end.stillDetached).toEqual([]);
  });

  it('goes on only when an answer of the new version came through the balancer since the attach', async () => {
    const asked: unknown[] = [];
    const r = rig({
      rollout: { wait: 'health', awaitTimeoutMs: 10_000 },
      traffic: {
        seenSince: (...args) => {
          asked.push(args);
          return false;
        },
      },
    });
    expect((await r.run()).error?.message).toContain('staging-1 was not seen through the load balancer after 10 s');
    const attach = r.events.find((e) => e.kind === 'balancer-call' && e.operation === 'attach');
    expect(asked[0]).toEqual(['staging-1', 'v2', attach?.kind === 'balancer-call' ? attach.requestedAt : null]);
    expect(r.calls).not.toContain('detach staging-2');
  });

  it('after a failed deploy attaches only a target that answers when it is asked directly', async () => {
    const broken: Deployer = { deploy: () => Promise.reject(new RollproofError('DEPLOY_FAILED', 'exit 1')) };
    for (const [ok, still] of [
      [true, []],
      [false, ['staging-1']],
    ] as const) {
      const ask: TargetProbe['ask'] = async () => ({ ok, version: 'v1', said: 'it answers 500 with version v1' });
      const r = rig({ urls: true, deployer: broken, probe: { ask } });
      expect(await r.run()).toMatchObject({ deploy: 'failed', stillDetached: still });
      expect(r.calls).not.toContain('detach staging-2');
      if (!ok)
        expect(r.events.find((e) => e.kind === 'recovery')).toMatchObject({
          message:
            'left detached because its deploy failed and it answers 500 with version v1; when it is sound: attach-by-hand i-1',
        });
    }
  });

  it('does not call a target drained while requests still reach it, whatever the balancer says', async () => {
    // A node that has not heard of the detach: the record is clean, the traffic is not.
    const deployedAt = async (reachedUntil: number) => {
      const traffic = {
        silence: (id: string) => ({
          lastSentAt: id === 'staging-1' ? Math.min(r.clock.now(), detachedAt + reachedUntil) : null,
          ms: 0,
          others: 0,
        }),
      };
      const r = rig({ rollout: { wait: 'health', awaitTimeoutMs: 60_000, settleMs: 2_000 }, traffic });
      let detachedAt = Number.NEGATIVE_INFINITY;
      const detach = r.balancer.detach;
      Object.assign(r.balancer, {
        async detach(...args: Parameters<typeof detach>) {
          await detach(...args);
          if (args[0].id === 'staging-1') detachedAt = r.clock.now();
        },
      });
      const end = await r.run();
      const deploy = r.events.find((e) => e.kind === 'step-intent' && e.step.kind === 'deploy');
      return { end, afterMs: (deploy?.at ?? Number.NaN) - detachedAt };
    };
    expect((await deployedAt(0)).afterMs).toBe(2_000);
    expect((await deployedAt(20_000)).afterMs).toBe(22_000);
    const never = await deployedAt(Number.POSITIVE_INFINITY);
    expect(never.end).toMatchObject({
      stillDetached: [],
      error: { code: 'AWAIT_TIMEOUT', message: expect.stringContaining('still reach it through the load balancer') },
    });
  });

  it('looks once more at the end: a target that is out again although its attach was acknowledged is named', async () => {
    // By somebody else, or by a detach of ours whose lost first request was carried out late.
    const outAgain = (forMs: number) => {
      const r = rig();
      let attachedAt = Number.NaN;
      const attach = r.balancer.attach;
      Object.assign(r.balancer, {
        async attach(...args: Parameters<typeof attach>) {
          await attach(...args);
          if (args[0].id === 'staging-2') attachedAt = r.clock.now();
        },
      });
      r.at.tick = (now) => {
        if (now >= attachedAt + 30_000) r.states.set('i-2', now < attachedAt + 30_000 + forMs ? 'unused' : 'healthy');
      };
      return r;
    };
    const r = outAgain(Number.POSITIVE_INFINITY);
    expect(await r.run()).toMatchObject({
      deploy: 'failed',
      stillDetached: ['staging-2'],
      error: { message: expect.stringContaining('staging-2'), hint: expect.stringContaining('attach-by-hand i-2') },
    });
    // Not ours to undo: somebody may have had a reason.
    expect(r.calls.filter((c) => c === 'attach staging-2')).toHaveLength(1);
    // One read can be stale.
    expect(await outAgain(33_000).run()).toMatchObject({ deploy: 'complete', stillDetached: [], error: null });
  });

  it('says so when it cannot look once more at the end', async () => {
    const r = rig();
    const health = r.balancer.health;
    Object.assign(r.balancer, {
      health: (...args: Parameters<typeof health>) =>
        r.calls.includes('attach staging-2')
          ? Promise.reject(new RollproofError('BALANCER_UNREACHABLE', 'no answer'))
          : health(...args),
    });
    expect(await r.run()).toMatchObject({ deploy: 'complete', stillDetached: [], error: null });
    expect(r.events.find((e) => e.kind === 'warning')).toMatchObject({
      message: expect.stringContaining('no answer'),
    });
  });

  it('rolls the failed target back to the previous version, when told to, and attaches it', async () => {
    for (const [previousVersion, back] of [
      ['v1', ['v2', 'v1']],
      [null, ['v2']],
    ] as const) {
      const deployed: string[] = [];
      const deployer: Deployer = {
        async deploy({ version }) {
          deployed.push(version);
          if (version === 'v2') throw new RollproofError('DEPLOY_FAILED', 'exit 1');
        },
      };
      const r = rig({ deployer, rollout: { onFailure: 'rollback', previousVersion } });
      const end = await r.run();
      expect(deployed).toEqual(back);
      expect(end).toMatchObject({ deploy: 'failed', stillDetached: previousVersion === null ? ['staging-1'] : [] });
      expect(r.calls).not.toContain('detach staging-2');
    }
  });
});
