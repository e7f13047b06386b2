import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/domain/event.js';
import type { Step } from '../../src/domain/pipeline.js';
import { awaitDeadlines } from '../../src/pipeline/deadlines.js';
import { marksIn } from '../../src/pipeline/deployers/marks.js';
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
  it('holds no target for detached that was only deployed to', () => {
    const started: RunEvent = { kind: 'deploy-started', at: 0, target: 'a', pid: 1, born: null, host: 'h' };
    expect(detachedAfter([started, step('step-intent', { kind: 'deploy', target: 'a' })])).toEqual([]);
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
  it('refuses draining off, which cuts what is in flight, and warns that the default sleep has no margin over the worst return', () => {
    const findings = preflightFindings(scenario, { ...facts(scenario.targets), drainingEnabled: false }, all);
    expect(findings.find((f) => f.id === 'draining')).toMatchObject({ level: 'refused' });
    expect(findings.find((f) => f.id === 'return')).toMatchObject({
      level: 'warning',
      message: expect.stringContaining('1 min 5 s'),
    });
  });
});

describe('marks of a deploy', () => {
  it('become application events on the run’s own clock', () => {
    const line = JSON.stringify({ what: 'down', target: 'a', monotonicNs: '5000000000' });
    expect(marksIn(`${line}\n`, 3_000_000_000n)).toEqual({
      events: [{ kind: 'app-observed', at: 2000, target: 'a', what: 'down', via: 'mark' }],
      ignored: 0,
    });
  });
  it('never throw and never invent, whatever a command wrote', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.json()), { maxLength: 20 }), (lines) => {
        const found = marksIn(lines.join('\n'), 0n);
        expect(found.events.every((e) => e.kind === 'app-observed' && Number.isFinite(e.at))).toBe(true);
      }),
    );
  });
});

describe('preflight against somebody’s balancer', () => {
  const all = [health(one, 'healthy'), health(two ?? one, 'healthy')];
  const said = { kind: 'elb-classic', name: 'lb', region: 'r', endpoint: null, autoScaling: 'none' } as const;
  const real = { ...scenario, balancer: said };
  const levels = (findings: ReturnType<typeof preflightFindings>) =>
    Object.fromEntries(findings.map((f) => [f.id, f.level]));
  const lab = { kind: 'lab', name: 'lab', preset: 'lab-fast', seed: 1, knobs: {} } as const;

  it('approves a sound one, with the waits it predicts', () => {
    const findings = preflightFindings(
      { ...real, rollout: { ...real.rollout, sleep: { afterDetachMs: 60_000, afterAttachMs: 65_000 } } },
      facts(scenario.targets),
      all,
    );
    expect(findings.filter((f) => f.level !== 'ok')).toEqual([]);
    expect(findings.find((f) => f.id === 'return')?.message).toContain('may need 1 min 5 s to serve again');
  });

  it.each([
    ['draining off', { drainingEnabled: false }, 'draining'],
    ['cross-zone off over two zones', { crossZone: false, zones: ['a', 'b'] }, 'zones'],
    ['cross-zone not told', { crossZone: null, zones: ['a', 'b'] }, 'zones'],
    ['another balancer has a target too', { elsewhere: { 'i-1': ['other'] } }, 'elsewhere'],
  ] as const)('refuses %s, and only warns in the lab, where that is the experiment', (_what, change, id) => {
    const now = { ...facts(scenario.targets), ...change };
    expect(levels(preflightFindings(real, now, all))[id]).toBe('refused');
    if (id !== 'elsewhere') expect(levels(preflightFindings({ ...real, balancer: lab }, now, all))[id]).toBe('warning');
  });

  it('counts targets per zone where it knows them', () => {
    const zoned = (...zones: string[]) => ({
      ...real,
      targets: zones.map((zone, i) => ({ id: `t-${i}`, instance: `i-${i}`, zone })) as unknown as typeof real.targets,
    });
    const level = (s: typeof real) => {
      const now = { ...facts(s.targets), crossZone: false, zones: ['a', 'b'] };
      const states = s.targets.map((t) => health(t, 'healthy'));
      return levels(preflightFindings(s, now, states)).zones;
    };
    expect(level(zoned('a', 'b'))).toBe('refused');
    expect(level(zoned('a', 'a', 'b'))).toBe('refused');
    expect(level(zoned('a', 'a', 'b', 'b'))).toBe('ok');
  });

  it('refuses AWS without a word about Auto Scaling, which the ELB API does not tell', () => {
    const level = (balancer: typeof real.balancer | Omit<typeof said, 'autoScaling'>) =>
      levels(preflightFindings({ ...real, balancer: balancer as typeof said }, facts(scenario.targets), all))[
        'auto-scaling'
      ];
    const { autoScaling: _, ...silent } = said;
    expect(level(silent)).toBe('refused');
    expect(level({ ...silent, endpoint: 'https://elb.example.com/' } as never)).toBe('refused');
    expect(level({ ...silent, endpoint: 'http://127.0.0.1:9/' } as never)).toBe('warning');
    expect(level({ ...said, autoScaling: 'suspended' } as never)).toBe('ok');
  });

  it('says when the sleep after the detach cannot be enough, and refuses a short return only when nothing else guards', () => {
    const rolled = (rollout: Partial<typeof real.rollout>, maxHoldMs: number | null = null) => {
      const long = maxHoldMs === null ? null : { ratePerSecond: 1, path: '/', minHoldMs: 1, maxHoldMs };
      return preflightFindings(
        {
          ...real,
          rollout: { ...real.rollout, ...rollout },
          traffic: { ...real.traffic, lanes: { ...real.traffic.lanes, long } },
        },
        facts(scenario.targets),
        all,
      );
    };
    const sleep = { afterDetachMs: 2_000, afterAttachMs: 10_000 };
    expect(rolled({ sleep }, 3_000).find((f) => f.id === 'leave')).toMatchObject({
      level: 'warning',
      message: expect.stringContaining('cannot be enough for requests of 3 s'),
    });
    expect(levels(rolled({ sleep }))).toMatchObject({ leave: 'warning', return: 'warning' });
    expect(levels(rolled({ sleep, minInService: 0 }))).toMatchObject({ return: 'refused' });
    expect(levels(rolled({ sleep, wait: 'health', minInService: 0 }))).toMatchObject({ return: 'ok' });
  });

  it('tells of applications that close idle connections before the balancer does', () => {
    const idle = [
      { target: 'staging-1', closedAfterMs: 5_000, error: null },
      { target: 'staging-2', closedAfterMs: null, error: null },
    ];
    const found = preflightFindings(real, facts(scenario.targets), all, idle).filter((f) => f.id === 'keep-alive');
    expect(found.map((f) => f.level)).toEqual(['warning', 'ok']);
    expect(found[0]?.message).toContain('closes idle connections after 5 s, the balancer keeps them 1 min');
  });
});

describe('deadlines', () => {
  it('are computed from the balancer’s configuration', () => {
    const { rollout } = scenario;
    const auto = { ...rollout, awaitTimeoutMs: null, settleMs: 2_000 };
    const given = facts(scenario.targets);
    // 300 s drain + 30 s + 10 s margin + settle; 30 s + 10 checks of 30 s + 5 s + margin + settle.
    expect(awaitDeadlines(auto, given)).toEqual({ afterDetachMs: 342_000, afterAttachMs: 392_000 });
    expect(awaitDeadlines(auto, { ...given, drainingEnabled: false }).afterDetachMs).toBe(42_000);
    expect(awaitDeadlines(rollout, given)).toEqual({ afterDetachMs: 300_000, afterAttachMs: 300_000 });
  });
});
