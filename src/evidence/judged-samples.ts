import type { RunFacts } from '../domain/evidence.js';
import { SAMPLE_CLASSES, type SampleClass } from '../domain/outage.js';
import type { SampleTable } from '../domain/sample.js';
import type { Target } from '../domain/target.js';
import type { Instant, Span } from '../domain/time.js';
import { withLoggedOrigins } from './access-log.js';
import { type ClassColumns, classesOfKinds, classifySamples, type RowKinds, rowKinds } from './classify.js';
import { eventsOf } from './event-queries.js';
import { countedSpan } from './judged-window.js';
import { stampIndexes } from './replacement-routing.js';
import { requestRules } from './request-rules.js';

/** No target: the response named none, or one nobody knows. */
export const NO_TARGET = -1;

/**
 * The samples with what the judgement makes of them, one array per column. A row is exactly one of ok, failed and
 * unknown; only rows of the judged set and of the baseline count.
 */
export interface JudgedSamples {
  readonly table: SampleTable;
  /** Index into SAMPLE_CLASSES. */
  readonly class: Uint8Array;
  readonly origin: Uint8Array;
  readonly ok: Uint8Array;
  readonly failed: Uint8Array;
  readonly unknown: Uint8Array;
  /** Failures a stalled generator may have faked: unknown now. */
  readonly forged: Uint8Array;
  /** Index into the scenario's targets, or NO_TARGET. */
  readonly target: Int8Array | Int16Array;
  readonly inWindow: Uint8Array;
  /** Of those, what the deploy's figures count: all, but successes that belong to it only perhaps (see `countedSpan`). */
  readonly counted: Uint8Array;
  readonly inBaseline: Uint8Array;
  /** Share of the baseline's successes stamped with target and version; null without successes. */
  readonly stampCoverage: number | null;
  /** Records that contradict themselves: no engine writes them, so what was measured is lost. Unknown, over all rows. */
  readonly broken: number;
}

/** So many indexes, and −1, fit in a byte. */
const BYTE_INDEXES = 0x80;
const OK = SAMPLE_CLASSES.indexOf('ok');

/** Classifies every row, takes back what a stall may have faked, and says which rows count (verdict.md §1.1). */
export function judgedSamples(facts: RunFacts, window: Span | null, warmUpEndsAt: Instant): JudgedSamples {
  const { samples: table, header, events } = facts;
  const { service, policy, targets } = header.scenario;
  const rules = { expect: service.ok.status, dns: policy.dns, ofRow: requestRules(service) };
  // Who made an unstamped 5xx depends on how many successes were stamped, so successes come first.
  const kinds = rowKinds(table);
  const first = classesOfKinds(table, kinds, { ...rules, stampCoverage: 0 });
  const baseline = baselineRows(table, window?.from ?? Number.POSITIVE_INFINITY, warmUpEndsAt);
  const stampCoverage = coverageOf(table, kinds, first, baseline);
  const classified = classifySamples(table, { ...rules, stampCoverage: stampCoverage ?? 0 }, kinds);
  const classes = withLoggedOrigins(table, classified, facts.accessLog ?? null);
  const outcome = outcomes(table, classes, mergedSpans(eventsOf(events, 'stall')));
  for (let row = 0; row < table.length; row++) if (outcome.unknown[row] === 1) baseline[row] = 0;
  const inWindow = window === null ? new Uint8Array(table.length) : windowRows(table, window);
  const span = window === null ? null : countedSpan(events, window, header.scenario.traffic.settleMs);
  return {
    table,
    class: classes.class,
    origin: classes.origin,
    ...outcome,
    target: targetColumn(table, targets),
    inWindow,
    counted: span === null ? inWindow : countedRows(table, inWindow, outcome.ok, span),
    inBaseline: baseline,
    stampCoverage,
  };
}

/** Class of a row as a word. */
export function classAt(samples: JudgedSamples, row: number): SampleClass {
  return SAMPLE_CLASSES[samples.class[row]!] ?? 'other';
}

/** Sent after the warm-up and ended before the deploy began. */
function baselineRows(table: SampleTable, from: Instant, warmUpEndsAt: Instant): Uint8Array {
  const rows = new Uint8Array(table.length);
  for (let row = 0; row < table.length; row++) {
    const isSent = !Number.isNaN(table.sentAt.at(row));
    if (isSent && table.scheduledAt[row]! >= warmUpEndsAt && table.endedAt.at(row) < from) rows[row] = 1;
  }
  return rows;
}

/** In flight in the window, or due in it and never sent. A row without usable times may belong to it, so it does. */
function windowRows(table: SampleTable, window: Span): Uint8Array {
  const rows = new Uint8Array(table.length);
  for (let row = 0; row < table.length; row++) {
    const sentAt = table.sentAt.at(row);
    const due = table.scheduledAt[row]!;
    const from = Number.isNaN(sentAt) ? due : sentAt;
    const end = Number.isNaN(sentAt) ? due : table.endedAt.at(row);
    // Negated comparisons: NaN is inside.
    if (!(from > window.to) && !(end < window.from)) rows[row] = 1;
  }
  return rows;
}

/** The rows of the window less the successes that no moment of the span saw in flight. */
function countedRows(table: SampleTable, inWindow: Uint8Array, ok: Uint8Array, span: Span): Uint8Array {
  const rows = Uint8Array.from(inWindow);
  for (let row = 0; row < table.length; row++)
    if (ok[row] === 1 && (table.sentAt.at(row) > span.to || table.endedAt.at(row) < span.from)) rows[row] = 0;
  return rows;
}

function coverageOf(table: SampleTable, { kind }: RowKinds, classOf: Uint8Array, baseline: Uint8Array): number | null {
  let successes = 0;
  let stamped = 0;
  for (let row = 0; row < table.length; row++) {
    if (baseline[row] === 0 || classOf[kind[row]!] !== OK) continue;
    successes++;
    const hasTarget = (table.target.values[table.target.codes.at(row)] ?? null) !== null;
    const hasVersion = (table.version.values[table.version.codes.at(row)] ?? null) !== null;
    if (hasTarget && hasVersion) stamped++;
  }
  return successes === 0 ? null : stamped / successes;
}

function outcomes(table: SampleTable, classes: ClassColumns, stalls: readonly Span[]) {
  const length = table.length;
  const [ok, failed, unknown, forged] = [
    new Uint8Array(length),
    new Uint8Array(length),
    new Uint8Array(length),
    new Uint8Array(length),
  ];
  let broken = 0;
  for (let row = 0; row < length; row++) {
    const sentAt = table.sentAt.at(row);
    const endedAt = table.endedAt.at(row);
    const isTimed =
      Number.isFinite(table.scheduledAt[row]!) &&
      Number.isFinite(sentAt) &&
      endedAt >= sentAt &&
      endedAt < Number.POSITIVE_INFINITY;
    if (classes.admissible[row] === 0 || !isTimed) {
      unknown[row] = 1;
      if (classes.admissible[row] === 1 || isUnexplained(table, row)) broken++;
    } else if (classes.failed[row] === 0) {
      ok[row] = 1;
    } else if (classes.forgeable[row] === 1 && meets(stalls, sentAt, endedAt)) {
      unknown[row] = 1;
      forged[row] = 1;
    } else {
      failed[row] = 1;
    }
  }
  return { ok, failed, unknown, forged, broken };
}

/** It has no error to say why nothing was measured, yet it is no blank record of an arrival that was never sent either. */
function isUnexplained(table: SampleTable, row: number): boolean {
  const error = table.error.values[table.error.codes.at(row)] ?? null;
  return error === null && (!Number.isNaN(table.sentAt.at(row)) || table.status.at(row) !== 0);
}

/** Whether one of the spans, in order and disjoint, touches [from, to]. */
function meets(stalls: readonly Span[], from: Instant, to: Instant): boolean {
  let low = 0;
  let high = stalls.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (stalls[middle]!.to < from) low = middle + 1;
    else high = middle;
  }
  return low < stalls.length && stalls[low]!.from <= to;
}

/** The spans in order, those that touch made one. */
export function mergedSpans(spans: readonly Span[]): readonly Span[] {
  const merged: Span[] = [];
  for (const { from, to } of [...spans].sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last.to)
      merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, to) };
    else merged.push({ from, to });
  }
  return merged;
}

/** A response may name a target by its id or by what the balancer calls it. */
function targetColumn(table: SampleTable, targets: readonly Target[]): JudgedSamples['target'] {
  const byCode = Int16Array.from(stampIndexes(table.target.values, targets), (index) => Math.max(index, NO_TARGET));
  const column = targets.length <= BYTE_INDEXES ? new Int8Array(table.length) : new Int16Array(table.length);
  for (let row = 0; row < table.length; row++) column[row] = byCode[table.target.codes.at(row)] ?? NO_TARGET;
  return column;
}
