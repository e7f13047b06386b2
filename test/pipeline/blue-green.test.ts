import { describe, expect, it } from 'vitest';
import { RollproofError } from '../../src/domain/errors.js';
import type { RunEvent } from '../../src/domain/event.js';
import { stepLabel } from '../../src/domain/pipeline.js';
import type { Rollout } from '../../src/domain/scenario.js';
import { pipelineOf } from '../../src/pipeline/compile.js';
import { runPipeline } from '../../src/pipeline/runner.js';
import { detachedAfter } from '../../src/pipeline/safety/detached.js';
import { greenLeftIn } from '../../src/pipeline/safety/green-out.js';
import { preflightFindings } from '../../src/pipeline/safety/preflight.js';
import { changeOf, restOfStage, stepsDone } from '../../src/pipeline/step-range.js';
import { facts, fakeBalancer, health } from '../support/fake-balancer.js';
import { fakeClock } from '../support/fake-clock.js';
import { testScenario } from '../support/scenario.js';

const targets = ['b1', 'b2', 'g1', 'g2'].map((id) => ({ id, instance: `i-${id}` }));
const [b1, b2, g1, g2] = targets as [
  (typeof targets)[0],
  (typeof targets)[0],
  (typeof targets)[0],
  (typeof targets)[0],
];

function scenarioWith(change: Partial<Rollout> = {}) {
  const plain = testScenario({ targets: targets as never });
  return {
    ...plain,
    rollout: {
      ...plain.rollout,
      strategy: 'blue-green' as const,
      blueGreen: { green: ['g1', 'g2'], blue: ['b1', 'b2'], retire: 'keep' as const },
      ...change,
    },
  };
}

async function rig(
  change: Partial<Rollout> = {},
  spoil: (balancer: ReturnType<typeof fakeBalancer>) => void = () => undefined,
  failDeploy = '',
) {
  const scenario = scenarioWith(change);
  const fake = fakeBalancer(targets);
  for (const t of [g1, g2]) fake.states.set(t.instance, 'unused');
  spoil(fake);
  const events: RunEvent[] = [];
  const end = await runPipeline(
    pipelineOf(scenario, null),
    {
      balancer: fake.balancer,
      deployer: {
        async deploy({ target }) {
          if (target.id === failDeploy) throw new RollproofError('DEPLOY_FAILED', `${target.id} failed`);
          fake.calls.push(`deploy ${target.id}`);
        },
      },
      events: {
        append(event) {
          events.push(event);
          if (event.kind === 'warning' && / is about to be /.test(event.message)) fake.calls.push('journal');
        },
      },
      clock: fakeClock(),
      targets,
      rollout: scenario.rollout,
      runId: 'r',
      probe: { ask: async () => null },
      traffic: { seenSince: () => true, silence: () => ({ lastSentAt: null, ms: 1e9, others: 1e9 }) },
      members: ['i-b1', 'i-b2'],
    },
    new AbortController().signal,
    new AbortController().signal,
  );
  return { ...fake, end, events };
}

describe('the pipeline of a blue-green deploy', () => {
  it('deploys to green before it comes in, waits once for the group, and takes blue out for good', () => {
    const { stages } = pipelineOf(scenarioWith({ wait: 'both' }), null);
    expect(stages.map((s) => [s.name, s.steps.map(stepLabel)])).toEqual([
      ['green-deploy', ['deploy g1', 'deploy g2']],
      [
        'green-in',
        [
          'attach g1',
          'attach g2',
          'await g1 in service',
          'await g1 to be seen through the load balancer',
          'await g2 in service',
          'await g2 to be seen through the load balancer',
          'sleep 1 min',
        ],
      ],
      ['blue-out', ['detach b1', 'detach b2', 'await b1 drained', 'await b2 drained', 'sleep 1 min']],
    ]);
    const retiring = scenarioWith({ blueGreen: { green: ['g1', 'g2'], blue: ['b1', 'b2'], retire: 'deploy' } });
    expect(pipelineOf(retiring, null).stages.at(-1)).toMatchObject({ name: 'blue-retire' });
    const back = { green: ['b1', 'b2'], blue: ['g1', 'g2'], retire: 'keep' } as const;
    expect(
      pipelineOf(scenarioWith({ blueGreen: back, deploy: { kind: 'none' } }), null).stages.map((s) => s.name),
    ).toEqual(['green-in', 'blue-out']);
  });

  it('leaves blue out at the end, and nothing of it is anybody’s to attach again', async () => {
    const { end, calls, events } = await rig();
    expect(end).toEqual({ deploy: 'complete', stillDetached: [], error: null });
    expect(calls).toEqual(['deploy g1', 'deploy g2', 'attach g1', 'attach g2', 'detach b1', 'detach b2']);
    expect(detachedAfter(events)).toEqual([]);
  });

  it('a failed deploy to green touches nobody who serves', async () => {
    const { end, calls } = await rig({}, undefined, 'g2');
    expect(end).toMatchObject({ deploy: 'failed', stillDetached: [] });
    expect(calls).toEqual(['deploy g1']);
  });

  it('a detach of blue that fails puts blue back, then takes green out again', async () => {
    const { end, calls, events } = await rig({}, (b) =>
      b.refuse.set('detach b2', new RollproofError('BALANCER_REFUSED', 'no')),
    );
    expect(end).toMatchObject({ deploy: 'failed', stillDetached: [], error: { code: 'BALANCER_REFUSED' } });
    expect(calls.slice(4, 8)).toEqual(['detach b1', 'detach b2', 'attach b1', 'attach b2']);
    expect(calls.slice(8)).toEqual(['journal', 'detach g1', 'journal', 'detach g2']);
    const said = events.flatMap((e) => {
      if (e.kind === 'warning') return [e.message];
      return e.kind === 'recovery' && e.target.startsWith('g') ? [`${e.target} ${e.ok} ${e.message}`] : [];
    });
    expect(said).toEqual([
      'g1 is about to be taken out again: blue is in service',
      'g1 true taken out again: blue is in service',
      'g2 is about to be taken out again: blue is in service',
      'g2 true taken out again: blue is in service',
    ]);
    expect(greenLeftIn(events, scenarioWith().rollout)).toEqual([]);
  });

  it('green stays where blue does not come back', async () => {
    const { calls, events } = await rig({}, (b) => {
      b.refuse.set('detach b2', new RollproofError('BALANCER_REFUSED', 'no'));
      b.refuse.set('attach b1', new RollproofError('BALANCER_REFUSED', 'no'));
    });
    expect(calls.filter((call) => call.startsWith('detach g'))).toEqual([]);
    const told = events.flatMap((e) => (e.kind === 'recovery' && e.target.startsWith('g') ? [e] : []));
    expect(told).toMatchObject([
      { target: 'g1', ok: false, message: expect.stringMatching(/^stays attached: .* rollproof recover/) },
      { target: 'g2', ok: false },
    ]);
    // Waited for as long as ten looks last, not for as long as an attach may take.
    expect((events.at(-1)?.at ?? 0) - (events.find((e) => e.kind === 'step-failed')?.at ?? 0)).toBeLessThan(30_000);
    expect(greenLeftIn(events, scenarioWith().rollout)).toEqual(['g1', 'g2']);
  });

  it('green is left in from its attach on until it is taken out, or blue is out for good', async () => {
    const { events } = await rig();
    const { rollout } = scenarioWith();
    const upTo = (test: (e: RunEvent) => boolean) => greenLeftIn(events.slice(0, events.findIndex(test) + 1), rollout);
    expect(upTo((e) => e.kind === 'stage-ended' && e.stage === 'green-deploy')).toEqual([]);
    // A killed process may have asked without having heard.
    expect(upTo((e) => e.kind === 'step-intent' && e.step.kind === 'attach')).toEqual(['g1']);
    expect(upTo((e) => e.kind === 'stage-ended' && e.stage === 'green-in')).toEqual(['g1', 'g2']);
    expect(upTo((e) => e.kind === 'step-done' && e.step.kind === 'detach')).toEqual(['g1', 'g2']);
    expect(greenLeftIn(events, rollout)).toEqual([]);
    expect(greenLeftIn(events.slice(0, -1), { ...rollout, strategy: 'rolling' })).toEqual([]);
  });

  it('a stage whose attach was taken back is to be done again before blue may leave', async () => {
    const { events } = await rig({}, (b) => b.refuse.set('detach b2', new RollproofError('BALANCER_REFUSED', 'no')));
    const pipeline = pipelineOf(scenarioWith(), null);
    expect(() => restOfStage(pipeline, 'blue-out', events)).toThrow(/not the turn .* 0 of \d+ steps of stage green-in/);
    expect(restOfStage(pipeline, 'green-in', events)?.part.from).toBe(0);
    expect(restOfStage(pipeline, 'green-deploy', events)).toBeNull();
    for (const [kind, target] of [
      ['detach', 'g1'],
      ['attach', 'b1'],
      ['deploy', 'b1'],
    ] as const)
      expect(() => changeOf(pipeline, kind, target, [])).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID' }));
    expect(changeOf(pipeline, 'attach', 'g1', events)?.part).toEqual({ from: 0, to: 0 });
    expect(() => changeOf(pipeline, 'attach', 'g2', events)).toThrow(/not the turn/);
    // The detach that a step asks for takes nothing back.
    const whole = (await rig()).events;
    expect(pipeline.stages.map((stage) => stepsDone(stage, whole))).toEqual(pipeline.stages.map((s) => s.steps.length));
  });

  it('a failed retirement attaches nobody: blue is out, green serves', async () => {
    const retire = { green: ['g1', 'g2'], blue: ['b1', 'b2'], retire: 'deploy' as const };
    const { end, calls } = await rig({ blueGreen: retire }, undefined, 'b1');
    expect(end).toMatchObject({ deploy: 'failed', stillDetached: [] });
    expect(calls.at(-1)).toBe('detach b2');
  });

  it('killed before all of blue was out, blue is what recovery attaches; afterwards it is not', async () => {
    const { events } = await rig();
    const until = (test: (e: RunEvent) => boolean) => events.slice(0, events.findIndex(test) + 1);
    const first = until((e) => e.kind === 'step-done' && e.step.kind === 'detach');
    expect(detachedAfter(first).map((d) => d.target)).toEqual(['b1']);
    const both = until((e) => e.kind === 'step-intent' && e.step.kind === 'sleep' && e.step.why === 'after-detach');
    expect(detachedAfter(both).map((d) => d.target)).toEqual(['b1', 'b2']);
    expect(detachedAfter(until((e) => e.kind === 'stage-ended' && e.stage === 'blue-out'))).toEqual([]);
  });
});

describe('the preflight of a blue-green deploy', () => {
  const levels = (members: typeof targets) =>
    preflightFindings(
      scenarioWith(),
      facts(members),
      members.map((t) => health(t, 'healthy')),
    )
      .filter((f) => f.level === 'refused')
      .map((f) => `${f.id}: ${f.message}`);

  it('takes green out and blue in service for what it is', () => {
    expect(levels([b1, b2])).toEqual([]);
  });

  it('refuses green that serves already, and blue that does not', () => {
    expect(levels([b1, b2, g1])).toEqual([expect.stringMatching(/^green: g1 .* would stop it under its users/)]);
    expect(levels([b1])).toEqual([expect.stringMatching(/^member: b2 .* not registered/)]);
  });
});
