import { describe, expect, it } from 'vitest';
import { pipelineOf } from '../../../src/pipeline/compile.js';
import { initialLive, liveAfterEvent, liveAfterTraffic } from '../../../src/report/live/live-timeline.js';
import { testScenario } from '../../support/scenario.js';

const scenario = testScenario();
const pipeline = pipelineOf(scenario, null);
const start = () =>
  initialLive(
    't',
    pipeline,
    scenario.targets.map((t) => t.id),
    null,
  );
const traffic = (sent: number, failed: number) => ({
  scheduled: sent,
  sent,
  ok: sent - failed,
  failed,
  dropped: 0,
  inFlight: 0,
  latencyMsP99: 3,
  answeredBy: {},
  intervalMs: 250,
});

describe('the live timeline', () => {
  it('knows when each step began and ended', () => {
    const [stage] = pipeline.stages;
    const step = stage?.steps[0];
    if (stage === undefined || step === undefined) throw new Error('no step');
    const at = { stage: stage.name, index: 0, step };
    const running = liveAfterEvent(start(), { kind: 'step-intent', at: 10, ...at } as never);
    expect(running.steps[0]).toMatchObject({ from: 10, to: null, state: 'running' });
    const done = liveAfterEvent(running, { kind: 'step-done', at: 30, ...at } as never);
    expect(done.steps[0]).toMatchObject({ from: 10, to: 30, state: 'done' });
    expect(liveAfterEvent(running, { kind: 'step-failed', at: 31, ...at } as never).steps[0]).toMatchObject({
      state: 'failed',
    });
  });

  it('keeps changes of a target’s state only', () => {
    const id = scenario.targets[0]?.id ?? '';
    const seen = (at: number, state: string) =>
      ({ kind: 'target-observed', at, health: { target: id, state } }) as never;
    let live = liveAfterEvent(start(), seen(1, 'healthy'));
    const same = liveAfterEvent(live, seen(2, 'healthy'));
    expect(same).toBe(live);
    live = liveAfterEvent(same, seen(3, 'draining'));
    expect(live.targets[0]?.states).toEqual([
      { from: 1, state: 'healthy' },
      { from: 3, state: 'draining' },
    ]);
  });

  it('turns counters into rates, at most one point per second, and loses no failure between two', () => {
    let live = liveAfterTraffic(start(), traffic(0, 0), 0);
    for (let i = 1; i <= 40; i++) live = liveAfterTraffic(live, traffic(i * 50, i >= 7 ? 3 : 0), i * 250);
    expect(live.points).toHaveLength(10);
    expect(live.points.map((p) => p.sentPerSecond)).toEqual(Array(10).fill(200));
    expect(live.points.reduce((sum, p) => sum + p.failedPerSecond, 0)).toBe(3);
  });
});
