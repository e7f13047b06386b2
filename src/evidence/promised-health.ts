import type { RunFacts } from '../domain/evidence.js';
import type { Span } from '../domain/time.js';
import { formatDuration } from '../domain/time.js';
import { eventsOf } from './event-queries.js';

/** A report may be late by so many times its interval: a stall that long is seen by the report itself. */
const PATIENCE = 10;

/**
 * An engine that promised control probes and sent none: whether the client's side was well is then not known. One sentence,
 * null when every promise was kept. A run without traffic has nothing to be told about.
 */
export function brokenControlPromise({ events, samples }: RunFacts): string | null {
  if (samples.length === 0) return null;
  const probes = eventsOf(events, 'control-probe').filter(({ sent }) => sent > 0);
  const silent = eventsOf(events, 'traffic-started').find(
    ({ source, hasControl }) => hasControl === true && !probes.some((probe) => probe.source === source),
  );
  return silent === undefined ? null : `${silent.source} promised to ask a control target too and never did`;
}

/**
 * An engine that promised to report its health and was silent in the judged window: whether it stood still then is not
 * known. One sentence, null when every promise was kept. Engines that promise nothing are judged by other gates.
 */
export function brokenHealthPromise(facts: RunFacts, window: Span | null): string | null {
  if (window === null) return null;
  for (const { source, healthEveryMs, at } of eventsOf(facts.events, 'traffic-started')) {
    if (healthEveryMs == null || !(healthEveryMs > 0)) continue;
    const reports = eventsOf(facts.events, 'generator-health')
      .filter((e) => e.source === source)
      .map((e) => e.at)
      .sort((a, b) => a - b);
    const marks = [Math.max(at, window.from), ...reports.filter((r) => r > window.from && r < window.to), window.to];
    const gap = marks.reduce((most, mark, i) => Math.max(most, mark - (marks[i - 1] ?? mark)), 0);
    if (gap > PATIENCE * healthEveryMs)
      return `${source} promised to report its health every ${formatDuration(healthEveryMs)} and was silent for ${formatDuration(gap)} of the judged time`;
  }
  return null;
}
