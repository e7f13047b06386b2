import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { attemptScenario, studied, variantPower } from '../../src/cli/compare-scenario.js';
import { type SweepOptions, sweptVariants } from '../../src/cli/compare-variants.js';
import { WASHOUT_MS, washout } from '../../src/cli/compare-washout.js';
import { main } from '../../src/cli/program.js';
import { fakeBalancer } from '../support/fake-balancer.js';
import { fakeClock } from '../support/fake-clock.js';
import { fakeIo } from '../support/fake-io.js';

const LAB = fileURLToPath(new URL('../../scenarios/lab.yaml', import.meta.url));
const swept = (options: SweepOptions) => sweptVariants(LAB, options, { env: {} });
const labels = (options: SweepOptions) => swept(options).map((v) => v.variant.label);

describe('sweptVariants', () => {
  it('sets both sleeps, each alone, or a grid', () => {
    expect(labels({ sleep: '0s, 5s' })).toEqual(['sleep 0 ms', 'sleep 5 s']);
    expect(labels({ sleepAfterDetach: '1s,2s' })).toEqual([
      'sleep 1 s after detach, 4 s after attach',
      'sleep 2 s after detach, 4 s after attach',
    ]);
    expect(labels({ sleepAfterDetach: '1s,2s', sleepAfterAttach: '1s,2s' })).toHaveLength(4);
  });

  it('has one gated wait, whatever the sleeps: it does not sleep', () => {
    expect(labels({ sleep: '1s,2s', wait: 'sleep,health' })).toEqual(['sleep 1 s', 'wait health', 'sleep 2 s']);
  });

  it('sweeps any other value in a group of its own', () => {
    const found = swept({ sleep: '1s,2s', vary: ['balancer.knobs.deregisterPropagationMs=[100,200],[300, 400]'] });
    expect(found.map((v) => v.variant.group)).toContain('balancer.knobs.deregisterPropagationMs=[300, 400]');
    expect(found).toHaveLength(4);
    expect(found[3]?.scenario.balancer).toMatchObject({ knobs: { deregisterPropagationMs: [300, 400] } });
  });

  it('sees sleeps that are given by their key as sleeps', () => {
    // Sleeps that nobody sweeps are the same everywhere and tell nothing apart.
    const vary = ['rollout.minInService=0,1'];
    expect(labels({ vary })).toEqual(['rollout.minInService=0', 'rollout.minInService=1']);
    expect(labels({ vary, wait: 'sleep,health' })).toContain('wait health, rollout.minInService=1');
    expect(labels({ vary, sleep: '1s,2s' })).toContain('sleep 2 s, rollout.minInService=1');
    expect(labels({ vary: ['rollout.sleep.afterDetach=1s,2s'] })).toEqual(labels({ sleepAfterDetach: '1s,2s' }));
  });
});

describe('the scenario of an attempt', () => {
  const scenario = swept({ sleep: '0s,5s' })[0]!.scenario;
  const versions = { version: 'v1', previousVersion: 'v2' };

  it('draws delays and traffic of its own each time, the same ones again from the same seed', () => {
    const seeds = [0, 1, 2].map((block) => {
      const made = attemptScenario(scenario, versions, 9, { block, variant: 0, attempt: 1 });
      return [made.traffic.seed, made.balancer.kind === 'lab' ? made.balancer.seed : null];
    });
    expect(new Set(seeds.flat()).size).toBe(6);
    const again = attemptScenario(scenario, versions, 9, { block: 1, variant: 0, attempt: 1 });
    expect([again.traffic.seed, again.balancer.kind === 'lab' ? again.balancer.seed : null]).toEqual(seeds[1]);
    expect(again.rollout).toMatchObject(versions);
  });

  it('watches long enough before and after, so that a short sleep can be judged', () => {
    expect(scenario.traffic).toMatchObject({ baselineMs: 6000, settleMs: 3000 });
    const made = studied(scenario, 500);
    expect(made.traffic.baselineMs).toBe(10_000);
    expect(variantPower(scenario, 500).canPass).toBe(false);
    expect(variantPower(made, 500).canPass).toBe(true);
  });
});

describe('washout', () => {
  const targets = [
    { id: 'a', instance: 'i-1' },
    { id: 'b', instance: 'i-2' },
  ];

  it('waits until all targets have been quiet for long enough', async () => {
    const { balancer, states } = fakeBalancer(targets);
    states.set('i-2', 'initial');
    const clock = fakeClock((now) => {
      if (now >= 60_000) states.set('i-2', 'healthy');
    });
    await washout(balancer, targets, clock, new AbortController().signal);
    expect(clock.now()).toBeGreaterThanOrEqual(60_000 + WASHOUT_MS);
  });

  it('ends the study when a target stays out', async () => {
    const { balancer, states } = fakeBalancer(targets);
    states.set('i-2', 'unhealthy');
    const waiting = washout(balancer, targets, fakeClock(), new AbortController().signal);
    await expect(waiting).rejects.toThrow('b is unhealthy');
  });
});

describe('rollproof compare with bad input', () => {
  it.each([
    [[], 'nothing is given'],
    [[LAB], 'nothing is compared'],
    [[LAB, '--sleep', ''], 'empty value'],
    [[LAB, '--sleep', '1s,,2s'], 'empty value'],
    [[LAB, '--sleep', '1s,'], 'empty value'],
    [[LAB, '--sleep', '1s'], 'only one variant'],
    [[LAB, '--sleep', 'x,1s'], '"x" is not a duration'],
    [[LAB, '--sleep', '1s,2s', '--sleep-after-detach', '1s'], '--sleep sets both'],
    [[LAB, '--vary', 'rollout.slep=1s,2s'], 'unknown key "slep"'],
    [[LAB, '--vary', 'traffic.seed=1,2'], 'sets this itself'],
    [[LAB, '--vary', 'oops'], 'there is no KEY='],
    [[LAB, '--wait', 'sleep,nap'], '"nap" is not one of'],
    [[LAB, '--sleep', '1s,2s', '--budget', '20s'], 'is too short'],
    [[LAB, '--sleep', '1s,2s', '--budget', '1h', '--repeat', '2'], 'both say'],
    [[LAB, '--sleep', '1s,2s', '--repeat', '0'], 'is not between'],
    [[LAB, '--sleep', '1s,2s', '--at-most', '100%'], 'nothing can be proven'],
    [[LAB, LAB, '--sleep', '1s,2s'], 'one scenario'],
    [[LAB, '.', '--sleep', '1s,2s'], 'cannot be compared with each other'],
    [['.'], 'is not a run directory'],
    [['.', '--sleep', '1s'], 'nothing can be swept'],
    [['--resume', '.'], 'is not a study'],
    [['absent.yaml', '--sleep', '1s,2s'], 'no such file'],
  ])('%j', async (argv, said) => {
    const { io, out, err } = fakeIo();
    expect(await main(['compare', ...argv], io)).toBe(64);
    expect(err()).toContain(said);
    expect(out()).toBe('');
  });
});
