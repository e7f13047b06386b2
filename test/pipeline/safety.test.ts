import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/domain/event.js';
import type { Step } from '../../src/domain/pipeline.js';
import { appChangesIn } from '../../src/pipeline/deployers/marks.js';
import { detachedAfter } from '../../src/pipeline/safety/detached.js';
import { preflightFindings } from '../../src/pipeline/safety/preflight.js';
import { facts, health } from '../support/fake-balancer.js';
import { testScenario } from '../support/scenario.js';

const scenario = testScenario();
const [one, two] = scenario.targets;
const step = (kind: 'step-intent' | 'step-done', s: Step): RunEvent => ({ kind, at: 0, stage: 's', index: 0, step: s });
const attached = (target: string, error: string | null = null): RunEvent => ({
  kind: 'balancer-call',
  at: 0,
  operation: 'attach',
  target,
  requestedAt: 0,
  respondedAt: 0,
  error,
});

describe('what a journal leaves detached', () => {
  it('counts an intent without an acknowledgement: its reply may be what was lost', () => {
    expect(detachedAfter([step('step-intent', { kind: 'detach', target: 'a' })])).toEqual([
      { target: 'a', deploy: 'none' },
    ]);
  });
  it('is over only with an acknowledged attach', () => {
    const detach = step('step-intent', { kind: 'detach', target: 'a' });
    expect(detachedAfter([detach, attached('a', 'refused')])).toHaveLength(1);
    expect(detachedAfter([detach, attached('a')])).toEqual([]);
  });
  it('knows how far the deploy came', () => {
    const journal = [
      step('step-intent', { kind: 'detach', target: 'a' }),
      step('step-intent', { kind: 'deploy', target: 'a' }),
    ];
    expect(detachedAfter(journal)).toEqual([{ target: 'a', deploy: 'open' }]);
    expect(detachedAfter([...journal, step('step-done', { kind: 'deploy', target: 'a' })])).toEqual([
      { target: 'a', deploy: 'done' },
    ]);
  });
  it('never forgets a detach when the journal is cut anywhere before its attach', () => {
    const journal: RunEvent[] = [
      step('step-intent', { kind: 'detach', target: 'a' }),
      step('step-done', { kind: 'detach', target: 'a' }),
      step('step-intent', { kind: 'deploy', target: 'a' }),
      step('step-done', { kind: 'deploy', target: 'a' }),
      step('step-intent', { kind: 'attach', target: 'a' }),
      attached('a'),
    ];
    fc.assert(
      fc.property(fc.integer({ min: 1, max: journal.length }), (cut) => {
        expect(detachedAfter(journal.slice(0, cut)).length).toBe(cut < journal.length ? 1 : 0);
      }),
    );
  });
});

describe('preflight', () => {
  const all = [health(one, 'healthy'), health(two ?? one, 'healthy')];
  const refusedIds = (findings: ReturnType<typeof preflightFindings>) =>
    findings.filter((f) => f.level === 'refused').map((f) => f.id);

  it('approves two healthy members', () => {
    expect(refusedIds(preflightFindings(scenario, facts(scenario.targets), all))).toEqual([]);
  });
  it('refuses a target the balancer does not have: the API would accept its detach', () => {
    expect(refusedIds(preflightFindings(scenario, facts([one]), [health(one, 'healthy')]))).toContain('member');
  });
  it('refuses a roll that starts with a sick target', () => {
    expect(
      refusedIds(
        preflightFindings(scenario, facts(scenario.targets), [health(one, 'healthy'), health(two ?? one, 'unhealthy')]),
      ),
    ).toEqual(['in-service', 'spare']);
  });
  it('warns that draining off cuts what is in flight, and that the default sleep has no margin over the worst return', () => {
    const findings = preflightFindings(scenario, { ...facts(scenario.targets), drainingEnabled: false }, all);
    expect(findings.find((f) => f.id === 'draining')).toMatchObject({ level: 'warning' });
    expect(findings.find((f) => f.id === 'return')).toMatchObject({
      level: 'warning',
      message: expect.stringContaining('1 min 5 s'),
    });
  });
});

describe('marks of a deploy', () => {
  it('become application events on the run’s own clock', () => {
    const line = JSON.stringify({ what: 'down', target: 'a', monotonicNs: '5000000000' });
    expect(appChangesIn(`${line}\n`, 3_000_000_000n)).toEqual({
      events: [{ kind: 'app-observed', at: 2000, target: 'a', what: 'down', via: 'mark' }],
      ignored: 0,
    });
  });
  it('never throw and never invent, whatever a command wrote', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.json()), { maxLength: 20 }), (lines) => {
        const found = appChangesIn(lines.join('\n'), 0n);
        expect(found.events.every((e) => e.kind === 'app-observed' && Number.isFinite(e.at))).toBe(true);
      }),
    );
  });
});
