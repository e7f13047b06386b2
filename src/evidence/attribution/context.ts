import { SAMPLE_CLASSES } from '../../domain/outage.js';
import type { BalancerFacts } from '../../domain/ports.js';
import type { Replacement } from '../../domain/result.js';
import { HELD_LANE, KEPT_LANES } from '../../domain/sample.js';
import type { Instant, Span } from '../../domain/time.js';
import { quantilesOf } from '../../stats/quantiles-of.js';
import type { MatchedBaseline } from '../comparison.js';
import { classAt, type JudgedSamples } from '../judged-samples.js';
import type { TargetHistory } from '../lives.js';
import { attachBegunAt, attachedFrom, detachBegunAt } from '../observed-calls.js';
import { rowsAround } from '../sending-order.js';
import { type Background, failsMore, isNamedExcess, isUnnamedExcess, tallyBetween, tallyOf } from './background.js';
import { type DarkNodes, darkNodes } from './dark-nodes.js';
import { isAtAddress } from './failure-view.js';
import { spreadsRequests } from './layer.js';
import { latestUntil, type RoutedUntil, routedUntil } from './rotation.js';
import { versionErrors } from './versions.js';

/** A life with what the samples say about it. */
export interface CauseLife extends TargetHistory {
  /** Index into the scenario's targets. */
  readonly index: number;
  /**
   * When it had first answered a request sent after its attach; null = it never served again. The answer counts, not
   * the sending: a request held open may have been sent to an application that was not ready yet.
   */
  readonly firstOkAt: Instant | null;
  /** When every node of the balancer sent to it again, as far as seen; null = it never served again. */
  readonly backAt: Instant | null;
  /** Until when each node of the balancer may have routed to it after its detach, and the latest of them. */
  readonly routedUntil: RoutedUntil;
  readonly maybeRoutedUntil: Instant;
  /** Last request it answered before its attach; null = none. */
  readonly lastRoutedAt: Instant | null;
  /** p99 of the other targets' answers while it was out, ms. */
  readonly dipP99: number | null;
  /** The others were overloaded while it was out: answers of the old version took much longer too. */
  readonly isDip: boolean;
  /** More unnamed failures while its application was stopped than the service has by itself. */
  readonly failsStopped: boolean;
  /** More failures between its attach and its first answer than the service has by itself: its own, and unnamed ones. */
  readonly failsUnready: boolean;
  readonly missesUnready: boolean;
  /** More failures than the service has by itself while it was out and the one before it not yet back. */
  readonly failsBothOut: boolean;
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
  /** All resets of the run came on used connections, of lane reuse or h2. */
  readonly resetsOnReuseOnly: boolean;
  /** As many of the requests on used connections were reset before the deploy. */
  readonly resetsAsBefore: boolean;
  /** The new version errs more often than the old one did, overload apart. */
  readonly newVersionFails: boolean;
  /** The old version errs more often since the new one is in service, overload apart. */
  readonly oldVersionFails: boolean;
  /** The balancer takes the client's connections itself: see `spreadsRequests`. */
  readonly spreadsRequests: boolean;
  /** When nodes of the balancer answered everything themselves with an error. */
  readonly darkNodes: DarkNodes;
}

/** What the context is worked out from. */
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
  readonly comparison: MatchedBaseline;
  readonly noPhaseStandsOut: boolean;
  readonly isUnaligned: boolean;
}

const RESET = SAMPLE_CLASSES.indexOf('reset');
/** A dip counts when answers were this much slower than before the deploy. */
const DIP_FACTOR = 3;

interface Shared {
  readonly input: ContextInput;
  readonly background: Background;
  readonly baselineP99: number | null;
  /** Failures a target can have caused: all but those of an address that is the balancer's own. */
  readonly isOfTarget: (row: number) => boolean;
}

/** Looks at the samples for what the cause rules ask of them. Linear in the samples for each target. */
export function causeContext(input: ContextInput): CauseContext {
  const { samples, balancer, lives: histories, comparison } = input;
  const drainingOff = balancer?.drainingEnabled === false;
  const spreads = spreadsRequests(samples);
  const isOfTarget = (row: number) => !spreads || !isAtAddress(classAt(samples, row), samples.table.errorPhase.at(row));
  const isBefore = (row: number) =>
    samples.inBaseline[row] === 1 && samples.table.sentAt.at(row) < comparison.sentBefore;
  const baselineP99 = latencyP99(samples, null);
  const shared = { input, background: tallyOf(samples, isBefore, isOfTarget), baselineP99, isOfTarget };
  const plain = histories.map((life) => plainLife(life, shared));
  // The first dip is the old version's alone: what was no overload then is none of capacity later either.
  const wasDip = plain[0]?.isDip ?? false;
  const lives = plain.map((life) => withExcess({ ...life, isDip: life.isDip && wasDip }, plain, shared));
  const attached = histories.map((life) => life.attachRequestedAt ?? Number.POSITIVE_INFINITY);
  const errors = versionErrors(samples, input.version, Math.min(...attached), (row) =>
    lives.some((life) => life.isDip && isSymptom(samples, row) && isOutAt(life, samples.table.sentAt.at(row))),
  );
  return {
    ...input,
    lives,
    drainTimeoutMs: drainingOff ? 0 : (balancer?.drainTimeoutMs ?? null),
    drainingOff,
    baselineP99,
    isNoisy: input.baselineFailed > 0,
    resetsOnReuseOnly: resetsOnReuseOnly(samples),
    resetsAsBefore: resetsAsBefore(samples),
    newVersionFails: errors.newFails,
    oldVersionFails: errors.oldFails,
    spreadsRequests: spreads,
    darkNodes: darkNodes(samples),
  };
}

function isSymptom(samples: JudgedSamples, row: number): boolean {
  return samples.table.status.at(row) === 503 || classAt(samples, row) === 'timeout';
}

function isOutAt(life: CauseLife, at: Instant): boolean {
  return at >= detachBegunAt(life) && at < (life.backAt ?? Number.POSITIVE_INFINITY);
}

function plainLife(life: TargetHistory, shared: Shared): CauseLife {
  const { samples, targetIds, replacements, window } = shared.input;
  const { background, baselineP99 } = shared;
  const index = targetIds.indexOf(life.target);
  const firstOkAt = firstAnswer(samples, index, life.attachRequestedAt);
  const replacement = replacements.find((r) => r.target === life.target);
  const lagHi = replacement?.attachLagHiMs ?? null;
  const lagFrom = attachedFrom(life);
  const allNodes = lagHi === null || lagFrom === null ? 0 : lagFrom + lagHi;
  const noise = (background.unnamed + 0.5) / (background.requests + 1);
  const nodes = routedUntil(samples, life, index, targetIds.length, noise, shared.isOfTarget);
  const backAt = firstOkAt === null ? null : Math.max(firstOkAt, allNodes);
  const out = { from: life.detachRequestedAt, to: backAt ?? window.to };
  const dipP99 = latencyP99(samples, { ...out, except: index });
  return {
    ...life,
    index,
    firstOkAt,
    backAt,
    lastRoutedAt: replacement?.lastRoutedAt ?? null,
    routedUntil: nodes,
    maybeRoutedUntil: latestUntil(nodes),
    dipP99,
    isDip: dipP99 !== null && baselineP99 !== null && dipP99 > DIP_FACTOR * baselineP99,
    failsStopped: false,
    failsUnready: false,
    missesUnready: false,
    failsBothOut: false,
  };
}

/** What stands out from the background in the spans in which a life can do harm. */
function withExcess(life: CauseLife, lives: readonly CauseLife[], shared: Shared): CauseLife {
  const { samples, window } = shared.input;
  const { background, isOfTarget } = shared;
  const attachedAt = attachBegunAt(life) ?? window.to;
  const isOwn = (row: number) => samples.target[row] === life.index;
  const tally = (from: Instant, to: Instant) => tallyBetween(samples, { from, to }, isOfTarget);
  const stopped = tally(life.stopAt ?? window.to, life.appUpAt ?? attachedAt);
  const unready = { from: attachedAt, to: Math.max(attachedAt, life.firstOkAt ?? attachedAt) };
  const own = tallyBetween(samples, unready, undefined, isOwn);
  const unnamed = tally(unready.from, unready.to);
  const earlier = lives.filter((other) => other !== life && isOutAt(other, detachBegunAt(life)));
  const bothUntil = Math.max(detachBegunAt(life), ...earlier.map((other) => other.backAt ?? window.to));
  const both = tally(detachBegunAt(life), bothUntil);
  return {
    ...life,
    failsStopped: isUnnamedExcess(stopped, background),
    failsUnready: isNamedExcess(own, background),
    missesUnready: isUnnamedExcess(unnamed, background),
    failsBothOut: isUnnamedExcess(both, background) || isNamedExcess(both, background),
  };
}

function firstAnswer(samples: JudgedSamples, index: number, attachedAt: Instant | null): Instant | null {
  const { table, ok, target } = samples;
  if (attachedAt === null) return null;
  let first = Number.POSITIVE_INFINITY;
  let range = rowsAround(table, attachedAt, first);
  for (let row = range.first; row < range.last; row++) {
    if (ok[row] !== 1 || target[row] !== index || !(table.sentAt.at(row) >= attachedAt)) continue;
    if (!(table.endedAt.at(row) < first)) continue;
    first = table.endedAt.at(row);
    // What was sent after this answer was answered later still.
    range = rowsAround(table, attachedAt, first);
  }
  return first === Number.POSITIVE_INFINITY ? null : first;
}

/** Answers in a span of time, except those of one target. */
interface AnswersIn extends Span {
  readonly except: number;
}

/** Of successes in all lanes but the held one, ended − scheduled: those asked for, or without that the baseline's. */
function latencyP99(samples: JudgedSamples, asked: AnswersIn | null): number | null {
  const { table, ok, inBaseline, target } = samples;
  const { lane, sentAt, endedAt, scheduledAt } = table;
  const range = asked === null ? { first: 0, last: table.length } : rowsAround(table, asked.from, asked.to);
  const took = (take: (ms: number) => void): void => {
    for (let row = range.first; row < range.last; row++) {
      if (ok[row] !== 1 || lane.at(row) === HELD_LANE) continue;
      if (asked === null) {
        if (inBaseline[row] !== 1) continue;
      } else if (!(sentAt.at(row) >= asked.from && sentAt.at(row) < asked.to) || target[row] === asked.except) continue;
      take(endedAt.at(row) - scheduledAt[row]!);
    }
  };
  return quantilesOf(took, [0.99]).quantiles[0] ?? null;
}

function isUsedConnection({ table }: JudgedSamples, row: number): boolean {
  return KEPT_LANES.has(table.lane.at(row)) && table.connectionUse.at(row) !== 1;
}

function resetsOnReuseOnly(samples: JudgedSamples): boolean {
  let some = false;
  for (let row = 0; row < samples.table.length; row++) {
    if (samples.failed[row] === 0 || samples.class[row] !== RESET) continue;
    if (!isUsedConnection(samples, row)) return false;
    some = true;
  }
  return some;
}

function resetsAsBefore(samples: JudgedSamples): boolean {
  const { inBaseline, inWindow, unknown, failed } = samples;
  const during = { k: 0, n: 0 };
  const before = { k: 0, n: 0 };
  for (let row = 0; row < samples.table.length; row++) {
    const tally = inWindow[row] === 1 ? during : inBaseline[row] === 1 ? before : null;
    if (tally === null || unknown[row] === 1 || !isUsedConnection(samples, row)) continue;
    tally.n++;
    tally.k += failed[row] === 1 && samples.class[row] === RESET ? 1 : 0;
  }
  return before.k > 0 && !failsMore(during, before);
}
