import { describe, expect, it } from 'vitest';
import { loadScenario } from '../../src/config/load.js';
import type { ScenarioOverride } from '../../src/config/overrides.js';
import { ScenarioProblems } from '../../src/config/problem.js';
import { BASE, memoryIo } from './overrides-base.js';

const set = (path: string, text: string): ScenarioOverride => ({ path, text, source: '--vary' });
const load = (...overrides: ScenarioOverride[]) =>
  loadScenario('base.yaml', memoryIo({ 'base.yaml': BASE }), overrides);

function problems(...overrides: ScenarioOverride[]): string[] {
  try {
    load(...overrides);
    return [];
  } catch (error) {
    if (!(error instanceof ScenarioProblems)) throw error;
    return error.problems.map((p) => `${p.file}:${p.line}:${p.column} ${p.path}: ${p.message}`);
  }
}

describe('overrides of a scenario', () => {
  it('lie over what the file says, and make what is not there', () => {
    const { scenario } = load(
      set('rollout.sleep.afterDetach', '1500ms'),
      set('rollout.wait', 'both'),
      set('policy.slo', '99%'),
    );
    expect(scenario.rollout).toMatchObject({ wait: 'both', sleep: { afterDetachMs: 1500 } });
    expect(scenario.policy.slo).toBe(0.99);
    expect(load().scenario.rollout.sleep.afterDetachMs).not.toBe(1500);
  });

  it('take lists and maps', () => {
    const { scenario } = load(
      set('service.ok.status', '[200, 204]'),
      set('rollout.sleep', '{ afterDetach: 1s, afterAttach: 2s }'),
    );
    expect(scenario.service.ok.status).toEqual([
      [200, 200],
      [204, 204],
    ]);
    expect(scenario.rollout.sleep).toEqual({ afterDetachMs: 1000, afterAttachMs: 2000 });
  });

  it('are judged like a file, at the place where they were typed', () => {
    expect(problems(set('rollout.sleep.afterDetach', 'soon'))[0]).toBe(
      '--vary:1:27 rollout.sleep.afterDetach: "soon" is not a duration',
    );
    expect(problems(set('rollout.slep', '1s')).join()).toContain('unknown key "slep"');
    expect(problems(set('rollout.wait', 'never'), set('traffic.rate', 'x'))).toHaveLength(2);
  });

  it('refuse what is no key path and no single value', () => {
    expect(problems(set('rollout..x', '1')).join()).toContain('is not a key path');
    expect(problems(set('__proto__.x', '1')).length).toBeGreaterThan(0);
    expect(problems(set('name.x', '1')).join()).toContain('not a map');
    expect(problems(set('rollout.wait', '[')).join()).toContain('not one YAML value');
    expect(problems(set('rollout.wait', 'sleep\nname: x')).join()).toContain('not one YAML value');
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});
