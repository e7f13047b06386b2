import type { TrafficView } from '../domain/ports.js';
import type { SampleBatch } from '../domain/sample.js';
import type { OkRule, Service } from '../domain/scenario.js';
import type { Target } from '../domain/target.js';
import type { Instant } from '../domain/time.js';

/** What the samples written so far show to the runner; it keeps one instant per target and version, three numbers per target. */
export interface LiveTraffic extends TrafficView {
  add(batch: SampleBatch): void;
  /** All of it as plain data, for a runner in another process. */
  snapshot(): TrafficSnapshot;
}

/** What the samples had shown at some moment; JSON can hold it. */
export interface TrafficSnapshot {
  readonly newest: readonly (readonly [string, Instant])[];
  readonly last: readonly (readonly [string, Readonly<LastAnswer>])[];
  readonly answers: number;
  /** Null before the first answer. */
  readonly newestEnd: Instant | null;
}

/** What one target last answered; null = no instant of that kind is known. */
interface LastAnswer {
  sentAt: Instant | null;
  endedAt: Instant | null;
  /** How many answers of all there were by then. */
  answers: number;
}

interface Seen {
  readonly newest: ReadonlyMap<string, Instant>;
  readonly last: ReadonlyMap<string, Readonly<LastAnswer>>;
  readonly answers: number;
  readonly newestEnd: Instant;
}

/** The same look by what `read` finds each time it is asked; null = nothing is known, which proves nothing. */
export function snapshotTraffic(read: () => TrafficSnapshot | null): TrafficView {
  return viewOf(() => {
    const { newest = [], last = [], answers = 0, newestEnd = null } = read() ?? {};
    return {
      newest: new Map(newest),
      last: new Map(last),
      answers,
      newestEnd: newestEnd ?? Number.NEGATIVE_INFINITY,
    };
  });
}

function viewOf(seen: () => Seen): TrafficView {
  return {
    silence(target, since) {
      const { last, newestEnd, answers } = seen();
      const its = last.get(target);
      const lastSentAt = its?.sentAt ?? null;
      // Who was never heard of by name cannot be shown to have fallen silent.
      if (its === undefined || its.endedAt === null) return { lastSentAt, ms: 0, others: 0 };
      const ms = Math.max(0, newestEnd - Math.max(since, its.endedAt));
      return { lastSentAt, ms, others: answers - its.answers };
    },
    seenSince(target, version, since) {
      return (seen().newest.get(nameOf(target, version)) ?? Number.NEGATIVE_INFINITY) >= since;
    },
  };
}

const nameOf = (target: string, version: string) => JSON.stringify([target, version]);

/** Strangers name targets and versions: no more of them than this are remembered. */
const NAMES_MAX = 1_000;

/**
 * A good answer is a whole one that the rule of its request accepts (`service.ok` where it has none); its instant is that of its request. A target may name itself by
 * its id or, as the evidence reads it too, by the balancer's name for it.
 */
export function liveTraffic(ok: OkRule, targets: readonly Target[], requests: Service['requests'] = []): LiveTraffic {
  const rules = new Map(requests.map((request) => [request.name, request.ok ?? ok]));
  const ruleOf = (batch: SampleBatch, row: number): OkRule =>
    (batch.request === undefined ? undefined : rules.get(textOf(batch.request, row) ?? '')) ?? ok;
  const idOf = new Map(targets.map((t) => [t.instance, t.id]));
  const newest = new Map<string, Instant>();
  const last = new Map<string, LastAnswer>();
  let answers = 0;
  let newestEnd = Number.NEGATIVE_INFINITY;
  const note = (target: string, sentAt: Instant, endedAt: Instant) => {
    const its: LastAnswer = last.get(target) ?? { sentAt: null, endedAt: null, answers: 0 };
    if (!last.has(target)) {
      if (last.size >= NAMES_MAX) return;
      last.set(target, its);
    }
    if (Number.isFinite(sentAt)) its.sentAt = Math.max(sentAt, its.sentAt ?? sentAt);
    if (!Number.isFinite(endedAt)) return;
    its.endedAt = Math.max(endedAt, its.endedAt ?? endedAt);
    its.answers = answers;
  };
  return {
    add(batch) {
      for (let row = 0; row < batch.length; row++) {
        const named = textOf(batch.target, row);
        if (named === null) continue;
        const target = idOf.get(named) ?? named;
        // An error it made itself shows as well that it still gets requests.
        const endedAt = batch.endedAt[row] ?? Number.NaN;
        if (Number.isFinite(endedAt)) {
          answers++;
          newestEnd = Math.max(newestEnd, endedAt);
        }
        const version = textOf(batch.version, row);
        const at = batch.sentAt[row] ?? Number.NaN;
        note(target, at, endedAt);
        if (version !== null && isGood(batch, row, ruleOf(batch, row))) keepNewest(newest, nameOf(target, version), at);
      }
    },
    ...viewOf(() => ({ newest, last, answers, newestEnd })),
    snapshot: () => ({
      newest: [...newest],
      last: [...last],
      answers,
      newestEnd: Number.isFinite(newestEnd) ? newestEnd : null,
    }),
  };
}

function keepNewest(newest: Map<string, Instant>, name: string, at: Instant): void {
  if (Number.isNaN(at)) return;
  const before = newest.get(name);
  if (before === undefined ? newest.size < NAMES_MAX : at > before) newest.set(name, at);
}

function isGood(batch: SampleBatch, row: number, ok: OkRule): boolean {
  const status = batch.status[row] ?? 0;
  return (
    textOf(batch.error, row) === null &&
    batch.bodyOk[row] !== 0 &&
    ok.status.some(([from, to]) => status >= from && status <= to)
  );
}

function textOf(column: SampleBatch['target'], row: number): string | null {
  return column.values[column.codes[row] ?? 0] ?? null;
}
