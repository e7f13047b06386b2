import type { GeneratorLimits, Usage } from '../domain/event.js';
import type { GeneratorHealth, RunFacts } from '../domain/evidence.js';
import { SAMPLE_CLASSES } from '../domain/outage.js';
import type { Counts, GeneratorFacts } from '../domain/result.js';
import type { Span } from '../domain/time.js';
import { quantilesOf } from '../stats/quantiles-of.js';
import { clockErrorMs } from './clock-error.js';
import { eventsOf } from './event-queries.js';
import { type JudgedSamples, mergedSpans } from './judged-samples.js';
import { brokenControlPromise, brokenHealthPromise } from './promised-health.js';
import type { RecordLoss } from './record-loss.js';

const DROPPED = SAMPLE_CLASSES.indexOf('dropped');
const CLIENT = SAMPLE_CLASSES.indexOf('client');
const DNS = SAMPLE_CLASSES.indexOf('dns');

/** The figures behind the gates of verdict.md §2, over the judged set. */
export function generatorHealth(
  facts: RunFacts,
  samples: JudgedSamples,
  window: Span | null,
  counts: Counts,
  loss: RecordLoss,
): GeneratorHealth {
  const { table, unknown, inWindow, forged } = samples;
  const n = { dropped: 0, clientErrors: 0, forged: 0, late: 0 };
  const { lateMs } = facts.header.scenario.policy.gates ?? { lateMs: Number.NaN };
  for (let row = 0; row < table.length; row++) {
    if (inWindow[row] === 0) continue;
    const kind = samples.class[row];
    if (kind === DROPPED) n.dropped++;
    else if (unknown[row] === 1 && (kind === CLIENT || kind === DNS)) n.clientErrors++;
    n.forged += forged[row]!;
    if (table.sentAt.at(row) - table.scheduledAt[row]! > lateMs) n.late++;
  }
  const probes = controlProbes(facts);
  return {
    arrivals: counts.judged,
    lost: loss.holes,
    shortfall: loss.shortfall,
    engineError: loss.engineError,
    ...n,
    stallMaxMs: Math.max(0, stallMax(facts, window), eventLoopDelayMax(facts, window) ?? 0),
    silent: brokenHealthPromise(facts, window),
    controlSent: probes.sent,
    controlFailed: probes.failed,
    controlMissing: brokenControlPromise(facts),
    limits: mostUsed(facts),
    baseline: counts.baseline,
    stampCoverage: samples.stampCoverage,
    clockErrorMs: clockErrorMs(facts),
  };
}

/** What the report tells about the generator. */
export function generatorFacts(
  facts: RunFacts,
  samples: JudgedSamples,
  window: Span | null,
  counts: Counts,
  loss: RecordLoss,
): GeneratorFacts {
  const { table, inWindow } = samples;
  const lateness = (take: (ms: number) => void): void => {
    for (let row = 0; row < table.length; row++)
      // NaN of what was never sent, which does not count.
      if (window === null || inWindow[row] === 1) take(table.sentAt.at(row) - table.scheduledAt[row]!);
  };
  const { count: sent, quantiles } = quantilesOf(lateness, [0.5, 0.99, 1]);
  const [p50, p99, max] = quantiles;
  let due = 0;
  for (let row = 0; row < table.length; row++) if (window === null || inWindow[row] === 1) due++;
  const seconds = (window === null ? spanOf(table.scheduledAt) : window.to - window.from) / 1000;
  const probes = controlProbes(facts);
  return {
    offeredPerSecond: seconds > 0 ? due / seconds : 0,
    sentPerSecond: seconds > 0 ? sent / seconds : 0,
    latenessMsP50: p50 ?? null,
    latenessMsP99: p99 ?? null,
    latenessMsMax: max ?? null,
    eventLoopDelayMaxMs: eventLoopDelayMax(facts, null),
    stalls: mergedSpans(eventsOf(facts.events, 'stall').map(({ from, to }) => ({ from, to }))),
    lost: Math.max(loss.holes, loss.shortfall),
    dropped: counts.dropped,
    controlSent: probes.sent,
    controlFailed: probes.failed,
    limits: mostUsed(facts),
  };
}

function spanOf(sorted: Float64Array): number {
  return sorted.length < 2 ? 0 : sorted[sorted.length - 1]! - sorted[0]!;
}

function controlProbes(facts: RunFacts): { sent: number; failed: number } {
  const probes = eventsOf(facts.events, 'control-probe');
  return { sent: probes.reduce((sum, e) => sum + e.sent, 0), failed: probes.reduce((sum, e) => sum + e.failed, 0) };
}

/** The report in which most was taken, by share of the limit; ports and files apart. */
function mostUsed(facts: RunFacts): GeneratorLimits {
  const reports = eventsOf(facts.events, 'generator-health').map(({ limits }) => limits);
  const most = (of: 'ports' | 'files') =>
    reports.reduce<Usage | null>((worst, limits) => {
      const used = limits?.[of] ?? null;
      if (used === null || worst === null) return used ?? worst;
      return used.inUse * worst.limit > worst.inUse * used.limit ? used : worst;
    }, null);
  return { ports: most('ports'), files: most('files') };
}

function stallMax(facts: RunFacts, window: Span | null): number {
  const stalls = eventsOf(facts.events, 'stall').filter(
    (s) => window === null || (s.from <= window.to && s.to >= window.from),
  );
  return stalls.reduce((longest, s) => Math.max(longest, s.to - s.from), 0);
}

/** Largest delay reported for an interval that touches the window: a report covers the time since the one before. */
function eventLoopDelayMax(facts: RunFacts, window: Span | null): number | null {
  let max: number | null = null;
  const since = new Map<string, number>();
  for (const e of eventsOf(facts.events, 'generator-health')) {
    const from = since.get(e.source) ?? Number.NEGATIVE_INFINITY;
    since.set(e.source, e.at);
    if (window !== null && (e.at < window.from || from > window.to)) continue;
    max = Math.max(max ?? 0, e.eventLoopDelayMaxMs);
  }
  return max;
}
