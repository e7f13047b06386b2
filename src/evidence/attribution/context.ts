import { SAMPLE_CLASSES } from '../../domain/outage.js';
import type { BalancerFacts } from '../../domain/ports.js';
import type { Replacement } from '../../domain/result.js';
import { LANES } from '../../domain/sample.js';
import type { Instant, Span } from '../../domain/time.js';
import { mStar } from '../../stats/detection.js';
import { excessP } from '../../stats/excess.js';
import { quantile } from '../../stats/quantile.js';
import { type JudgedSamples, NO_TARGET } from '../judged-samples.js';
import type { TargetHistory } from '../lives.js';

/** A life with what the samples say about it. */
export interface CauseLife extends TargetHistory {
  /** Index into the scenario's targets. */
  readonly index: number;
  /**
   * When it had first answered a request sent after its attach; null = it never served again. The answer counts, not
   * the sending: a request held open may have been sent to an application that was not ready yet.
   */
  readonly firstOkAt: Instant | null;
  /** Until when the balancer may have routed to it. */
  readonly maybeRoutedUntil: Instant;
  /** Last request it answered before its attach; null = none. */
  readonly lastRoutedAt: Instant | null;
  /** p99 of the other targets' answers while it was out, ms. */
  readonly dipP99: number | null;
}

/** What all cause rules share; worked out once per run that has failures. */
export interface CauseContext {
  readonly lives: readonly CauseLife[];
  readonly targetIds: readonly string[];
  readonly window: Span;
  readonly deltaMs: number;
  readonly version: string;
  readonly previousVersion: string | null;
  /** Null = the balancer did not say. 0 with draining off. */
  readonly drainTimeoutMs: number | null;
  readonly drainingOff: boolean;
  readonly baselineP99: number | null;
  /** Requests failed before the deploy too. */
  readonly isNoisy: boolean;
  /** No phase failed significantly more often than the baseline (Holm, 5 %). */
  readonly noPhaseStandsOut: boolean;
  /** Failures start no more often just after a step than by chance (circular shift, p > 0.05). */
  readonly isUnaligned: boolean;
  /** All resets of the run came on used connections of lane reuse. */
  readonly resetsOnReuseOnly: boolean;
  /** The new version fails by itself: more often than the application did before, or it never did before. */
  readonly newVersionFails: boolean;
}

export interface ContextInput {
  readonly samples: JudgedSamples;
  readonly lives: readonly TargetHistory[];
  readonly replacements: readonly Replacement[];
  readonly targetIds: readonly string[];
  readonly window: Span;
  readonly deltaMs: number;
  readonly version: string;
  readonly previousVersion: string | null;
  readonly balancer: BalancerFacts | null;
  readonly baselineFailed: number;
  readonly noPhaseStandsOut: boolean;
  readonly isUnaligned: boolean;
}

const RESET = SAMPLE_CLASSES.indexOf('reset');
const APP_ERROR = SAMPLE_CLASSES.indexOf('http_5xx_app');
const ASSERTION = SAMPLE_CLASSES.indexOf('assertion');
const REUSE = LANES.indexOf('reuse');
const OK_EXCESS = 0.05;
/** Chance left that a target is still in rotation when so many others answered in a row. */
const GONE_ALPHA = 0.001;

/** Looks at the samples for what the cause rules ask of them. Linear in the samples for each target. */
export function causeContext(input: ContextInput): CauseContext {
  const { samples, balancer, targetIds, window } = input;
  const drainingOff = balancer?.drainingEnabled === false;
  const isNoisy = input.baselineFailed > 0;
  return {
    ...input,
    lives: input.lives.map((life) => causeLife(life, input, isNoisy)),
    drainTimeoutMs: drainingOff ? 0 : (balancer?.drainTimeoutMs ?? null),
    drainingOff,
    targetIds,
    window,
    baselineP99: latencyP99(samples, (row) => samples.inBaseline[row] === 1),
    isNoisy,
    resetsOnReuseOnly: resetsOnReuseOnly(samples),
    newVersionFails: newVersionFails(samples, input.version),
  };
}

function causeLife(life: TargetHistory, input: ContextInput, isNoisy: boolean): CauseLife {
  const { samples, targetIds, replacements, window } = input;
  const index = targetIds.indexOf(life.target);
  const { table, ok, target } = samples;
  let firstOkAt: Instant | null = null;
  for (let row = 0; row < table.length && life.attachRequestedAt !== null; row++) {
    if (ok[row] !== 1 || target[row] !== index || !(table.sentAt[row]! >= life.attachRequestedAt)) continue;
    firstOkAt = Math.min(firstOkAt ?? Number.POSITIVE_INFINITY, table.endedAt[row]!);
  }
  const replacement = replacements.find((r) => r.target === life.target);
  const lagHi = replacement?.detachLagHiMs ?? null;
  const until = lagHi === null ? Number.POSITIVE_INFINITY : life.detachRespondedAt + lagHi;
  const outUntil = firstOkAt ?? window.to;
  const isOut = (row: number) =>
    table.sentAt[row]! >= life.detachRequestedAt && table.sentAt[row]! < outUntil && target[row] !== index;
  return {
    ...life,
    index,
    firstOkAt,
    lastRoutedAt: replacement?.lastRoutedAt ?? null,
    maybeRoutedUntil: isNoisy ? rotationEnd(samples, life, index, targetIds.length) : until,
    dipP99: latencyP99(samples, isOut),
  };
}

/**
 * The last failure without a name that a target can have caused while it left rotation. On a service that fails by
 * itself a stray failure long after the target fell silent is none of its doing: between two requests routed to a
 * target in rotation, others do not answer arbitrarily often in a row.
 */
function rotationEnd(samples: JudgedSamples, life: TargetHistory, index: number, targets: number): Instant {
  const { table, ok, failed, target } = samples;
  const nodes = table.remoteIp.values.filter((ip) => ip !== null).length;
  const limit = mStar(1 / (2 * targets * Math.max(1, nodes)), GONE_ALPHA);
  const until = life.attachRequestedAt ?? Number.POSITIVE_INFINITY;
  let last = life.detachRespondedAt;
  let others = 0;
  // Rows are in the order they were due, near enough to the order they were sent.
  for (let row = 0; row < table.length; row++) {
    const sentAt = table.sentAt[row]!;
    if (!(sentAt >= life.detachRespondedAt && sentAt < until)) continue;
    const isUnnamed = failed[row] === 1 && target[row] === NO_TARGET;
    if ((ok[row] === 1 && target[row] === index) || (isUnnamed && others < limit)) {
      last = Math.max(last, sentAt);
      others = 0;
    } else if (ok[row] === 1) {
      others++;
    }
  }
  return last;
}

/** Of successes in the lanes new and reuse, ended − scheduled. */
function latencyP99(samples: JudgedSamples, wanted: (row: number) => boolean): number | null {
  const { table, ok } = samples;
  const took = new Float64Array(table.length);
  let count = 0;
  for (let row = 0; row < table.length; row++) {
    if (ok[row] === 1 && table.lane[row]! < 2 && wanted(row))
      took[count++] = table.endedAt[row]! - table.scheduledAt[row]!;
  }
  return quantile(took.subarray(0, count), 0.99);
}

function resetsOnReuseOnly(samples: JudgedSamples): boolean {
  const { table, failed } = samples;
  let some = false;
  for (let row = 0; row < table.length; row++) {
    if (failed[row] === 0 || samples.class[row] !== RESET) continue;
    if (table.lane[row] !== REUSE || table.connectionUse[row] === 1) return false;
    some = true;
  }
  return some;
}

function newVersionFails(samples: JudgedSamples, version: string): boolean {
  const { table, ok, failed, inBaseline, inWindow } = samples;
  const after = { k: 0, n: 0 };
  const before = { k: 0, n: 0 };
  for (let row = 0; row < table.length; row++) {
    const isApp = failed[row] === 1 && (samples.class[row] === APP_ERROR || samples.class[row] === ASSERTION);
    if (!isApp && ok[row] === 0) continue;
    const isNew = inWindow[row] === 1 && (table.version.values[table.version.codes[row]!] ?? null) === version;
    const tally = isNew ? after : inBaseline[row] === 1 ? before : null;
    if (tally === null) continue;
    tally.n++;
    tally.k += isApp ? 1 : 0;
  }
  return after.k > 0 && (before.k === 0 || excessP(after.k, after.n, before.k, before.n) <= OK_EXCESS);
}
