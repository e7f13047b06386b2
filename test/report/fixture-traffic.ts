import type { FailureRow, LatencySummary, Series } from '../../src/domain/result.js';
import type { Lane } from '../../src/domain/sample.js';

/** When one target was served and stopped in the made-up run; all instants in ms. */
export interface TargetPlan {
  readonly id: string;
  /** The balancer routes to it until here (detach request + lag) … */
  readonly routedUntil: number;
  /** … and again from here. */
  readonly routedFrom: number;
  readonly appDownAt: number;
}

export interface TrafficPlan {
  readonly ratePerSecond: number;
  readonly durationMs: number;
  readonly targets: readonly TargetPlan[];
}

export interface FakeSample {
  readonly seq: number;
  readonly lane: Lane;
  readonly scheduledAt: number;
  readonly endedAt: number;
  readonly target: string;
  readonly failed: boolean;
  readonly reset: boolean;
}

/** mulberry32: the fixtures must be the same on every machine. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A jittered open-model stream over the planned targets: fails where a stopped target is still routed to. */
export function fakeSamples(plan: TrafficPlan, seed: number): readonly FakeSample[] {
  const random = seededRandom(seed);
  const samples: FakeSample[] = [];
  const gapMs = 1000 / plan.ratePerSecond;
  for (let seq = 0; (seq + 1) * gapMs < plan.durationMs; seq++) {
    const scheduledAt = round((seq + random()) * gapMs);
    const inRotation = plan.targets.filter((t) => scheduledAt < t.routedUntil || scheduledAt >= t.routedFrom);
    const chosen = inRotation[Math.floor(random() * inRotation.length)] ?? plan.targets[0];
    if (chosen === undefined) continue;
    const lane: Lane = random() < 0.5 ? 'new' : 'reuse';
    const failed = scheduledAt >= chosen.appDownAt && scheduledAt < chosen.routedUntil;
    const busy = inRotation.length < plan.targets.length ? 1.35 : 1;
    const tail = random() < 0.012 ? 18 * random() : 0;
    const tookMs = failed ? 1.5 + 3 * random() : busy * (7 + 6 * random() * random()) + tail;
    const reset = failed && random() < 0.2;
    samples.push({ seq, lane, scheduledAt, endedAt: round(scheduledAt + tookMs), target: chosen.id, failed, reset });
  }
  return samples;
}

const round = (ms: number): number => Math.round(ms * 1000) / 1000;

/** Nearest-rank percentile of ms values; null of nothing. */
export function percentile(values: readonly number[], share: number): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
}

export function latencySummary(samples: readonly FakeSample[]): LatencySummary {
  const values = samples.filter((s) => !s.failed).map((s) => s.endedAt - s.scheduledAt);
  const at = (share: number): number => percentile(values, share) ?? 0;
  return { requests: values.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), p999: at(0.999), max: at(1) };
}

const ROW_UPPER_MS = [1, 2, 3, 5, 7, 10, 14, 20, 28, 40, 56, 80, 112, 160];

export function fakeSeries(samples: readonly FakeSample[], plan: TrafficPlan, bucketMs = 100, columnMs = 500): Series {
  const buckets = Math.ceil(plan.durationMs / bucketMs);
  const grouped: FakeSample[][] = Array.from({ length: buckets }, () => []);
  for (const s of samples) grouped[Math.floor(s.scheduledAt / bucketMs)]?.push(s);
  const columns = Math.ceil(plan.durationMs / columnMs);
  const heat = ROW_UPPER_MS.map(() => Array.from({ length: columns }, () => 0));
  for (const s of samples) {
    const row = ROW_UPPER_MS.findIndex((upper) => s.endedAt - s.scheduledAt <= upper);
    const cells = heat[row < 0 ? ROW_UPPER_MS.length - 1 : row];
    const column = Math.floor(s.scheduledAt / columnMs);
    if (cells !== undefined) cells[column] = (cells[column] ?? 0) + 1;
  }
  const took = (share: number) =>
    grouped.map((g) =>
      percentile(
        g.filter((s) => !s.failed).map((s) => s.endedAt - s.scheduledAt),
        share,
      ),
    );
  return {
    from: 0,
    bucketMs,
    offered: grouped.map((g) => g.length),
    ok: grouped.map((g) => g.filter((s) => !s.failed).length),
    failed: grouped.map((g) => g.filter((s) => s.failed).length),
    unknown: grouped.map(() => 0),
    p50: took(0.5),
    p95: took(0.95),
    p99: took(0.99),
    max: took(1),
    answeredBy: plan.targets.map((t) => ({
      target: t.id,
      count: grouped.map((g) => g.filter((s) => !s.failed && s.target === t.id).length),
    })),
    heatmap: { rowUpperMs: ROW_UPPER_MS, columnMs, counts: heat },
  };
}

/** The failed ones as rows; `phaseOf` names the phase of an instant. */
export function failureRows(
  samples: readonly FakeSample[],
  phaseOf: (at: number) => string | null,
): readonly FailureRow[] {
  return samples
    .filter((s) => s.failed)
    .map((s) => ({
      source: 'embedded-1',
      seq: s.seq,
      lane: s.lane,
      scheduledAt: s.scheduledAt,
      sentAt: round(s.scheduledAt + 0.2),
      endedAt: s.endedAt,
      class: s.reset ? 'reset' : 'http_5xx_lb',
      origin: s.reset ? 'path' : 'lb',
      status: s.reset ? null : 503,
      detail: s.reset ? 'ECONNRESET' : 'Service Unavailable: Back-end server is at capacity',
      errorPhase: s.reset ? 'headers' : 'none',
      target: null,
      version: null,
      remoteIp: '127.0.0.1',
      phase: phaseOf(s.scheduledAt),
      outage: 0,
    }));
}
