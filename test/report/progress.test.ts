import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/domain/event.js';
import type { Pipeline } from '../../src/domain/pipeline.js';
import type { TrafficProgress } from '../../src/domain/ports.js';
import {
  BLOCK_LINES_MAX,
  eventLines,
  heartbeatDue,
  heartbeatLine,
  plainLines,
  statusBlock,
} from '../../src/report/progress.js';
import {
  initialProgress,
  type ProgressState,
  progressAfterEvent,
  progressAfterTraffic,
} from '../../src/report/progress-state.js';
import { HOSTILE_TEXT } from './fixture-results.js';

const pipeline: Pipeline = {
  stages: [
    {
      name: 'one',
      steps: [
        { kind: 'detach', target: 's-1' },
        { kind: 'sleep', ms: 5000, why: 'after-detach', target: 's-1' },
        { kind: 'deploy', target: 's-1' },
      ],
    },
    { name: 'two', steps: [{ kind: 'await', target: 's-1', condition: 'in-service', timeoutMs: 1 }] },
  ],
};
const start = (): ProgressState => initialProgress('checkout', pipeline, ['s-1', 's-2'], 117_000);
const traffic = (over: Partial<TrafficProgress> = {}): TrafficProgress => ({
  scheduled: 8240,
  sent: 8240,
  ok: 8240,
  failed: 0,
  dropped: 0,
  inFlight: 3,
  latencyMsP99: 46,
  answeredBy: { 's-1': 50, 's-2': 150 },
  intervalMs: 250,
  ...over,
});
const detach = { kind: 'detach', target: 's-1' } as const;
const intent: RunEvent = { kind: 'step-intent', at: 30_000, stage: 'one', index: 0, step: detach };
const done: RunEvent = { kind: 'step-done', at: 30_212, stage: 'one', index: 0, step: detach };
const draining: RunEvent = {
  kind: 'target-observed',
  at: 30_300,
  askedAt: 30_250,
  health: { target: 's-1', state: 'draining', registered: false, reasonCode: '', description: '' },
};
const sleepIntent: RunEvent = {
  kind: 'step-intent',
  at: 30_300,
  stage: 'one',
  index: 1,
  step: pipeline.stages[0].steps[1]!,
};

describe('progress state', () => {
  test('steps move from waiting over running to done or failed', () => {
    const states = (s: ProgressState) => s.steps.map((step) => step.state);
    const running = progressAfterEvent(start(), intent);
    expect(states(running)).toEqual(['running', 'waiting', 'waiting', 'waiting']);
    const after = progressAfterEvent(running, done);
    expect(states(after)[0]).toBe('done');
    const failed = progressAfterEvent(after, { ...done, kind: 'step-failed', index: 1, error: 'x' });
    expect(states(failed)[1]).toBe('failed');
    expect(failed.steps.map((s) => s.label)).toEqual(['detach s-1', 'sleep 5 s', 'deploy s-1', 'await s-1 in service']);
  });

  test('shares come from the identified answers of the last interval', () => {
    expect(progressAfterTraffic(start(), traffic(), 1000).targets).toEqual([
      { target: 's-1', state: null, perSecond: 200, share: 0.25 },
      { target: 's-2', state: null, perSecond: 600, share: 0.75 },
    ]);
    const silent = progressAfterTraffic(start(), traffic({ answeredBy: {}, intervalMs: 0 }), 1000);
    expect(silent.targets[0]).toMatchObject({ perSecond: 0, share: 0 });
  });

  test('only the first failure gets a line, with the step under way', () => {
    const running = progressAfterEvent(start(), intent);
    const first = progressAfterTraffic(running, traffic({ failed: 2 }), 31_000);
    const second = progressAfterTraffic(first, traffic({ failed: 9 }), 32_000);
    expect(plainLines(second).filter((line) => line.includes('FAIL'))).toEqual([
      '00:31.000 FAIL  first failed request during detach s-1',
    ]);
  });
});

describe('without a terminal', () => {
  test('lines are appended, stamped and never repeated', () => {
    const state = [intent, done, draining].reduce(progressAfterEvent, start());
    expect(plainLines(state)).toEqual(['00:30.000 step  detach s-1', '00:30.300 info  s-1 is draining']);
    expect(plainLines(state, state.log.length)).toEqual([]);
  });

  test('a heartbeat is due after ten silent seconds and says where things stand', () => {
    expect([heartbeatDue(0, 9999), heartbeatDue(0, 10_000)]).toEqual([false, true]);
    const state = progressAfterTraffic(progressAfterEvent(start(), intent), traffic({ failed: 117 }), 40_000);
    expect(heartbeatLine(state)).toBe(
      '00:40.000 beat  sent=8240 failed=117 dropped=0 p99=46ms serving=s-1,s-2 step="detach s-1"',
    );
    expect(heartbeatLine(start())).toBe('00:00.000 beat  traffic=waiting serving=-');
  });
});

describe('status block', () => {
  const state = progressAfterTraffic(
    [intent, done, draining, sleepIntent].reduce(progressAfterEvent, start()),
    traffic({ failed: 117 }),
    41_000,
  );

  test('looks like this', () => {
    expect(statusBlock(state, { width: 100, color: false })).toEqual([
      'rollproof run · checkout',
      ' plan       ✓ detach s-1  ▸ sleep 5 s  · deploy s-1  · await s-1 in service',
      ' s-1        ████░░░░░░░░░░  draining        200 req/s',
      ' s-2        ███████████░░░  not reported    600 req/s',
      ' traffic    8,240 sent   117 failed (1.42 %)   p99 46 ms   dropped 0',
      ' 0:41 / ~1:57   requests have failed   Ctrl-C stops and re-attaches',
    ]);
  });

  test('never exceeds its height or the width, whatever the names and however many targets', () => {
    const ids = Array.from({ length: 40 }, (_, i) => `${'長い名前'.repeat(9)}${HOSTILE_TEXT}${i}`);
    const wide = initialProgress(HOSTILE_TEXT.repeat(9), pipeline, ids, null);
    for (const width of [1, 20, 80, 200]) {
      const lines = statusBlock(wide, { width, color: false });
      expect(lines.length).toBeLessThanOrEqual(BLOCK_LINES_MAX);
      for (const line of lines) {
        const columns = [...line].reduce((sum, c) => sum + (/[\u3000-\u9fff]/.test(c) ? 2 : 1), 0);
        expect(columns).toBeLessThanOrEqual(width);
        expect(line).not.toMatch(/[\u0000-\u001f\u202e]/);
      }
    }
    expect(statusBlock(wide, { width: 80, color: false }).some((line) => line.includes('and 35 more targets'))).toBe(
      true,
    );
  });

  test('colour does not change the text and is closed on every line', () => {
    const bare = (line: string) => line.replaceAll(/\u001b\[\d+m/g, '');
    for (const width of [12, 60, 120]) {
      const colored = statusBlock(state, { width, color: true });
      expect(colored.map((line) => bare(line).trimEnd())).toEqual(statusBlock(state, { width, color: false }));
      for (const line of colored)
        expect(line.match(/\u001b\[0m/g)?.length ?? 0).toBe((line.match(/\u001b\[\d+m/g)?.length ?? 0) / 2);
    }
  });

  test('event lines above it strip what a deploy command may have printed', () => {
    const hostile = progressAfterEvent(start(), { kind: 'warning', at: 5, message: HOSTILE_TEXT });
    for (const line of [...eventLines(hostile, 0, false), ...plainLines(hostile)])
      expect(line).not.toMatch(/[\u0000-\u001f\u202e]/);
    expect(eventLines(state, 0, false)[0]).toBe('▸  0:30.0  detach s-1');
  });
});
