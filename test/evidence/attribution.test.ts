import { describe, expect, it } from 'vitest';
import { CAUSE_CODES } from '../../src/domain/outage.js';
import { CAUSE_RULES, causesOf, isMechanism } from '../../src/evidence/attribution/causes.js';
import type { CauseContext, CauseLife } from '../../src/evidence/attribution/context.js';
import type { FailureView } from '../../src/evidence/attribution/failure-view.js';
import { alignmentP } from '../../src/evidence/event-alignment.js';

const life = (index: number, at: number, change: Partial<CauseLife> = {}): CauseLife => ({
  target: `s${index + 1}`,
  index,
  detachRequestedAt: at,
  detachRespondedAt: at + 50,
  deployStartedAt: at + 2000,
  deployEndedAt: at + 4000,
  stopAt: at + 2100,
  stopIsExact: true,
  appDownAt: at + 2200,
  appUpAt: at + 3500,
  attachRequestedAt: at + 4100,
  attachRespondedAt: at + 4150,
  sleepMs: 1900,
  firstOkAt: at + 4500,
  backAt: change.firstOkAt === undefined ? at + 4500 : change.firstOkAt,
  routedUntil: new Map(),
  maybeRoutedUntil: at + 2600,
  lastRoutedAt: at + 550,
  dipP99: 10,
  isDip: false,
  failsStopped: false,
  failsUnready: true,
  missesUnready: true,
  failsBothOut: true,
  ...change,
});
const context = (change: Partial<CauseContext> = {}): CauseContext => ({
  lives: [life(0, 10_000), life(1, 20_000)],
  targetIds: ['s1', 's2'],
  window: { from: 10_000, to: 30_000 },
  deltaMs: 50,
  version: 'v2',
  previousVersion: 'v1',
  drainTimeoutMs: 60_000,
  drainingOff: false,
  baselineP99: 9,
  isNoisy: false,
  noPhaseStandsOut: true,
  isUnaligned: true,
  resetsOnReuseOnly: false,
  resetsAsBefore: false,
  newVersionFails: true,
  oldVersionFails: true,
  spreadsRequests: false,
  darkNodes: new Map(),
  ...change,
});
const failure = (change: Partial<FailureView>): FailureView => ({
  row: 0,
  class: 'http_5xx_lb',
  origin: 'lb',
  sentAt: 25_000,
  endedAt: 25_001,
  status: 503,
  target: -1,
  version: null,
  lane: 0,
  errorPhase: 0,
  connectionUse: 1,
  node: 0,
  ...change,
});
const first = (
  failures: readonly FailureView[],
  where: Partial<CauseContext> = {},
  kind: 'partial' | 'full' = 'partial',
) => causesOf(failures, { kind, failures: failures.length }, context(where))[0];

describe('causes', () => {
  it('stand in the order that breaks ties', () => {
    expect([...CAUSE_RULES.map((rule) => rule.code), 'UNEXPLAINED']).toEqual([...CAUSE_CODES]);
  });

  it('are UNEXPLAINED when nothing matches, never none', () => {
    expect(first([failure({ class: 'http_4xx', sentAt: 27_000 })])).toMatchObject({
      code: 'UNEXPLAINED',
      target: null,
    });
  });

  it('tell a request routed to a stopped application from one it cut', () => {
    const routed = failure({ sentAt: 12_300, endedAt: 12_301 });
    const cut = failure({ class: 'reset', origin: 'path', sentAt: 10_600, endedAt: 12_190 });
    expect(first([routed])).toMatchObject({ code: 'ROUTED_TO_STOPPED', target: 's1', score: 1 });
    expect(first([cut])).toMatchObject({ code: 'INFLIGHT_CUT', target: 's1' });
    const both = causesOf([routed, { ...routed }, cut], { kind: 'partial', failures: 3 }, context());
    expect(both.map((c) => [c.code, Math.round(c.score * 100)])).toEqual([
      ['ROUTED_TO_STOPPED', 67],
      ['INFLIGHT_CUT', 33],
    ]);
  });

  it('do not blame a stopped target for what another one answered', () => {
    expect(
      first([failure({ class: 'http_5xx_app', origin: 'app', target: 1, sentAt: 12_300, version: 'v1' })]).code,
    ).toBe('UNEXPLAINED');
  });

  it('do not blame a target that had long been silent on a noisy service', () => {
    const lives = [life(0, 10_000, { maybeRoutedUntil: 10_600 })];
    expect(first([failure({ sentAt: 12_300 })], { isNoisy: true, lives }).code).toBe('BACKGROUND');
    expect(first([failure({ sentAt: 12_300 })], { lives }).code).toBe('UNEXPLAINED');
    // Another node may let go of it later.
    const late = [life(0, 10_000, { maybeRoutedUntil: 10_600, routedUntil: new Map([[2, 12_400]]) })];
    expect(first([failure({ sentAt: 12_300, node: 2 })], { lives: late }).code).toBe('ROUTED_TO_STOPPED');
  });

  it('blame a stopped target that hides by drawing everything, but not one let go of before its stop', () => {
    // Given up 100 ms after the stop at 12,100: from there on only the excess of failures speaks.
    const drawing = life(0, 10_000, { maybeRoutedUntil: 12_200, failsStopped: true });
    expect(first([failure({ sentAt: 12_900 })], { lives: [drawing] }).code).toBe('ROUTED_TO_STOPPED');
    const gone = life(0, 10_000, { maybeRoutedUntil: 12_099, failsStopped: true });
    expect(first([failure({ sentAt: 12_900 })], { lives: [gone] }).code).toBe('UNEXPLAINED');
    // One node had let go of it, the other had not.
    const routedUntil = new Map([
      [1, 10_600],
      [2, 12_200],
    ]);
    const nodes = life(0, 10_000, { maybeRoutedUntil: 12_200, routedUntil, failsStopped: true });
    expect(first([failure({ sentAt: 12_900, node: 1 })], { lives: [nodes] }).code).toBe('UNEXPLAINED');
    expect(first([failure({ sentAt: 12_900, node: 2 })], { lives: [nodes] }).code).toBe('ROUTED_TO_STOPPED');
  });

  it('do not say routed when nobody was in service', () => {
    const lives = [life(0, 10_000, { firstOkAt: 23_000 }), life(1, 20_000)];
    expect(first([failure({ sentAt: 22_300 })], { lives }, 'full').code).toBe('NO_HEALTHY_INSTANCE');
    // One node lets go of the second target later than the other: the outage starts as a partial one.
    const early = life(1, 20_000, { lastRoutedAt: 20_900 });
    const mixed = { lives: [life(0, 10_000, { firstOkAt: 23_000 }), early] };
    expect(first([failure({ sentAt: 20_700 })], mixed, 'partial').code).toBe('NO_HEALTHY_INSTANCE');
    // Served by somebody all the time: not nobody.
    const served = { lives: [life(0, 10_000, { firstOkAt: 20_950 }), early] };
    expect(first([failure({ sentAt: 20_700 })], served, 'partial').code).not.toBe('NO_HEALTHY_INSTANCE');
  });

  it('see a balancer node without anybody while other nodes serve', () => {
    const dark = failure({ node: 2, sentAt: 11_000 });
    const darkNodes = new Map([[2, [{ from: 10_600, to: 14_400, shownAt: 10_650 }]]]);
    expect(first([dark], { darkNodes })).toMatchObject({ code: 'NO_HEALTHY_INSTANCE', score: 1 });
    expect(first([dark], { darkNodes }).sentence).toContain('s1 was out and s2 did not serve there');
    // It goes on while the application of the target that is out restarts.
    expect(first([{ ...dark, sentAt: 12_300 }], { darkNodes }).code).toBe('NO_HEALTHY_INSTANCE');
    const atStop = causesOf(
      [{ ...dark, sentAt: 12_050, endedAt: 12_120 }],
      { kind: 'partial', failures: 1 },
      context({ darkNodes }),
    );
    expect(atStop.map((cause) => cause.code)).toEqual(['NO_HEALTHY_INSTANCE']);
    expect(first([{ ...dark, node: 1 }], { darkNodes }).code).not.toBe('NO_HEALTHY_INSTANCE');
  });

  it('do not take a node for one without anybody that sends all to a stopped or just attached target', () => {
    const stopped = new Map([[2, [{ from: 12_150, to: 13_000, shownAt: 12_200 }]]]);
    expect(first([failure({ node: 2, sentAt: 12_300 })], { darkNodes: stopped }).code).toBe('ROUTED_TO_STOPPED');
    const attached = new Map([[2, [{ from: 14_200, to: 14_450, shownAt: 14_250 }]]]);
    expect(first([failure({ node: 2, sentAt: 14_300 })], { darkNodes: attached }).code).toBe('ATTACHED_TOO_EARLY');
    const lives = [life(0, 10_000, { isDip: true, dipP99: 90 }), life(1, 20_000)];
    const busy = new Map([[2, [{ from: 10_600, to: 12_000, shownAt: 10_650 }]]]);
    expect(first([failure({ node: 2, sentAt: 11_000 })], { darkNodes: busy, lives }).code).toBe('CAPACITY_DIP');
  });

  it('ask for a node to have shown that it had nobody while all applications still ran', () => {
    const causes = (from: number, shownAt: number, sentAt: number) =>
      causesOf(
        [failure({ node: 2, sentAt })],
        { kind: 'partial', failures: 1 },
        context({ darkNodes: new Map([[2, [{ from, to: 14_400, shownAt }]]]) }),
      ).map(({ code }) => code);
    // Sent just before s1 stopped and answered after it: s1 may have been asked.
    expect(causes(12_050, 12_140, 12_300)).toEqual(['ROUTED_TO_STOPPED']);
    expect(causes(12_050, 12_099, 12_300)).toEqual(['NO_HEALTHY_INSTANCE']);
    // Nor may the only signs be older than its attach, or lie around its restart.
    expect(causes(14_050, 14_120, 14_300)).not.toContain('NO_HEALTHY_INSTANCE');
    expect(causes(12_090, 13_600, 13_300)).not.toContain('NO_HEALTHY_INSTANCE');
  });

  it('call a version that never served broken, not detached too early', () => {
    const lives = [life(0, 10_000, { firstOkAt: null }), life(1, 20_000)];
    const own = failure({ class: 'http_5xx_app', origin: 'app', target: 0, version: 'v2', sentAt: 20_500 });
    expect(first([own], { lives })).toMatchObject({ code: 'NEW_VERSION_ERRORS' });
  });

  it('see the drain limit where the cut falls on it', () => {
    const cut = failure({ class: 'reset', origin: 'path', sentAt: 10_300, endedAt: 11_150 });
    expect(first([cut], { drainTimeoutMs: 1000 })).toMatchObject({ code: 'DRAIN_TIMEOUT', score: 0.95 });
    // It cannot have been cut by the limit when it had only just been sent.
    expect(first([{ ...cut, sentAt: 11_090 }], { drainTimeoutMs: 1000 }).code).toBe('UNEXPLAINED');
    expect(first([cut], { drainTimeoutMs: 60_000 }).code).toBe('UNEXPLAINED');
  });

  it('know the rest by their marks', () => {
    expect(
      first([failure({ class: 'timeout', origin: 'unknown', target: -1, sentAt: 11_000 })], {
        lives: [life(0, 10_000, { dipP99: 40, isDip: true })],
      }).code,
    ).toBe('CAPACITY_DIP');
    expect(
      first([failure({ class: 'http_5xx_app', origin: 'app', target: 1, version: 'v1', sentAt: 16_000 })]).code,
    ).toBe('OLD_NEW_INCOMPATIBLE');
    expect(first([failure({ class: 'refused', origin: 'path', sentAt: 27_000 })]).code).toBe('LB_ENDPOINT');
    expect(
      first([failure({ class: 'reset', origin: 'path', lane: 1, connectionUse: 4, sentAt: 27_000 })], {
        resetsOnReuseOnly: true,
      }).code,
    ).toBe('KEEPALIVE_RACE');
    expect(
      first([failure({ class: 'reset', origin: 'path', lane: 1, connectionUse: 4, sentAt: 27_000 })], {
        resetsOnReuseOnly: true,
        isUnaligned: false,
      }).code,
    ).toBe('UNEXPLAINED');
  });

  it('count a mechanism only with a witness that names the target or the balancer', () => {
    const shape = { kind: 'partial', failures: 1 } as const;
    expect(isMechanism(failure({ sentAt: 12_300 }), shape, context())).toBe(true);
    expect(isMechanism(failure({ class: 'reset', origin: 'path', sentAt: 12_300 }), shape, context())).toBe(false);
    expect(
      isMechanism(
        failure({ class: 'http_5xx_app', origin: 'app', target: 1, version: 'v2', sentAt: 27_000 }),
        shape,
        context(),
      ),
    ).toBe(false);
  });

  it('never print an empty sentence', () => {
    const lives = [life(0, 10_000, { firstOkAt: 23_000 }), life(1, 20_000)];
    for (let sentAt = 10_000; sentAt < 30_000; sentAt += 250) {
      for (const kind of ['partial', 'full'] as const) {
        for (const cause of causesOf(
          [failure({ sentAt, endedAt: sentAt + 40 })],
          { kind, failures: 1 },
          context({ lives }),
        )) {
          expect(cause.sentence.length).toBeGreaterThan(20);
          expect(cause.hint.length).toBeGreaterThan(10);
          expect(cause.sentence).not.toMatch(/NaN|undefined|null|unknown/);
        }
      }
    }
  });
});

describe('alignmentP', () => {
  it('is small only where outages follow the steps', () => {
    const window = { from: 0, to: 120_000 };
    expect(alignmentP([10_500, 40_500], [10_000, 40_000], window)).toBeLessThan(0.06);
    expect(alignmentP([30_000, 90_000], [10_000, 40_000], window)).toBe(1);
    expect(alignmentP([], [1], window)).toBe(1);
  });
});
