import { SAMPLE_CLASSES } from '../domain/outage.js';
import type { Phase, PhaseKind } from '../domain/phase.js';
import type { Replacement } from '../domain/result.js';
import type { SampleTable } from '../domain/sample.js';
import type { BlueGreen } from '../domain/scenario.js';
import type { Target, TargetId } from '../domain/target.js';
import type { Instant, Span } from '../domain/time.js';
import { mStar } from '../stats/detection.js';
import type { ClassColumns } from './classify.js';
import type { DetachLag } from './detach-lag.js';
import { attachLagOfNodes, detachLagOfNodes, nodesOf } from './node-lags.js';
import { detachedFrom } from './observed-calls.js';
import { assignPhase } from './phase-assignment.js';
import { inDetachOrder, phaseChains, type TargetLife } from './phases.js';
import { previousBackAt, routedRequests, stampIndexes, UNSTAMPED } from './replacement-routing.js';
import { type ServedInput, servedFacts } from './replacement-served.js';
import { rowsAround } from './sending-order.js';
import { witnessInterval } from './witness.js';

/** What the proof of replacement depends on beside the facts. */
export interface ReplacementOptions {
  /** All targets of the scenario; each must be proven, also one that was never touched. */
  readonly targets: readonly Target[];
  readonly version: string;
  readonly previousVersion: string | null;
  /** Requests sent before this are warm-up. */
  readonly warmEnd: Instant;
  /** Who came and who went; absent or null = every target is taken out and brought back. */
  readonly blueGreen?: BlueGreen | null;
  /** The balancer deals out connections, not requests; absent = no. */
  readonly byConnection?: boolean;
  /** Witness interval of faults that end a request, ms. */
  readonly deltaMs: number;
}

const LAG_ALPHA = 0.05;
/** Chance left that a target said to have left rotation is still in it. */
export const LEFT_ALPHA = 0.001;

/** Phases in which the application may not answer; `deploy` stands for them where its own life is not known. */
const DOWN_KINDS: ReadonlySet<PhaseKind> = new Set(['stopping', 'down', 'deploy']);

interface Context {
  readonly table: SampleTable;
  readonly classes: ClassColumns;
  readonly stamps: Int32Array;
  readonly lives: readonly TargetLife[];
  readonly chains: readonly Phase[][];
  readonly options: ReplacementOptions;
}

/** A target nobody took out: nothing is proven of it. */
function untouched(target: Target): Replacement {
  return {
    target: target.id,
    left: false,
    replaced: false,
    returned: false,
    silentSends: 0,
    pStillIn: null,
    lastRoutedAt: null,
    detachLagLoMs: null,
    detachLagHiMs: null,
    drainEndAt: null,
    drainNeedMs: null,
    drainNeedHiMs: null,
    attachLagLoMs: null,
    attachLagHiMs: null,
    firstServedAt: null,
    inFlightAtDetach: 0,
    marginMs: null,
    staleResponses: 0,
    servedOld: 0,
    servedNew: 0,
    oldBootId: null,
    newBootId: null,
    needLoMs: null,
    needHiMs: null,
  };
}

/** Green leaves nothing: what is counted from a detach has no meaning for it. */
const NO_LEAVE = {
  detachLagLoMs: null,
  detachLagHiMs: null,
  drainEndAt: null,
  drainNeedMs: null,
  drainNeedHiMs: null,
  marginMs: null,
  inFlightAtDetach: 0,
  needLoMs: null,
  needHiMs: null,
} as const;

function roleOf(target: TargetId, { blueGreen }: ReplacementOptions): 'green' | 'blue' | null {
  if (blueGreen == null) return null;
  return blueGreen.green.includes(target) ? 'green' : 'blue';
}

/** Phases a failure of this life's target may lie in: its own, and those of lives that do not overlap it. */
function phasesBeside(chains: readonly Phase[][], own: number): Phase[] {
  const span = (chain: readonly Phase[]): Span => ({ from: chain[0]?.from ?? 0, to: chain.at(-1)?.to ?? 0 });
  const mine = span(chains[own] ?? []);
  const beside = chains.filter((chain, index) => {
    const other = span(chain);
    return index === own || other.to <= mine.from || other.from >= mine.to;
  });
  return beside.flat().sort((a, b) => a.from - b.from);
}

/** Sent time of the last failure, by this target or unnamed, while its application was stopping or down. */
function lastFailureWhileDown(context: Context, own: number, target: number): Instant | null {
  const { table, classes } = context;
  const down = (context.chains[own] ?? []).filter(({ kind }) => DOWN_KINDS.has(kind));
  const ids = new Set(down.map(({ id }) => id));
  const [downFrom, downTo] = [down[0]?.from ?? Number.POSITIVE_INFINITY, down.at(-1)?.to ?? Number.NEGATIVE_INFINITY];
  const phases = phasesBeside(context.chains, own);
  let last: Instant | null = null;
  for (let row = table.length - 1; row >= 0; row--) {
    if (classes.failed[row] !== 1 || classes.admissible[row] !== 1) continue;
    const stamp = context.stamps[table.target.codes.at(row)] ?? UNSTAMPED;
    const sentAt = table.sentAt.at(row);
    if ((stamp !== target && stamp !== UNSTAMPED) || !(sentAt > (last ?? Number.NEGATIVE_INFINITY))) continue;
    const cls = SAMPLE_CLASSES[classes.class[row]!] ?? 'other';
    const witness = witnessInterval(cls, sentAt, table.endedAt.at(row), context.options.deltaMs);
    if (witness.to < downFrom || witness.from >= downTo) continue;
    if (ids.has(assignPhase(witness, phases).phase ?? '')) last = sentAt;
  }
  return last;
}

/** What the sleep after the detach would have had to be; a failure while the app was down says: more than it was. */
function needOf(
  detach: DetachLag,
  life: TargetLife,
  lastFailed: Instant | null,
): { lo: number | null; hi: number | null } {
  if (lastFailed === null) return { lo: detach.drainNeed, hi: detach.drainNeedHi };
  return { lo: Math.max(detach.drainNeed ?? Number.NEGATIVE_INFINITY, lastFailed - life.detachRespondedAt), hi: null };
}

/** Tells the rows a target answered and that count, in order: looked for each time, for a list of them all would be long. */
function answersOf({ table, classes, stamps, options }: Context, target: number): ServedInput['eachRow'] {
  return (take, until = Number.POSITIVE_INFINITY) => {
    const { first, last } = rowsAround(table, options.warmEnd, until);
    for (let row = first; row < last; row++) {
      if (stamps[table.target.codes.at(row)] !== target || classes.admissible[row] !== 1) continue;
      if (table.sentAt.at(row) >= options.warmEnd) take(row);
    }
  };
}

function replacementOf(context: Context, index: number): Replacement | null {
  const life = context.lives[index]!;
  const { table, classes, options } = context;
  const target = options.targets.findIndex(({ id }) => id === life.target);
  if (target < 0) return null;
  const role = roleOf(life.target, options);
  const routed = routedRequests(table, classes, context.stamps, {
    target,
    warmEnd: options.warmEnd,
    previousBackAt: previousBackAt(life, context.lives),
    byConnection: options.byConnection === true,
  });
  const targets = options.targets.length;
  const nodes = nodesOf(routed);
  const common = { target, targets, alpha: LAG_ALPHA };
  const attachRequestedAt = life.attachRequestedAt ?? Number.POSITIVE_INFINITY;
  // Neither lag asks about the requests on the other side of the attach.
  const until = { ...routed, rows: rowsAround(table, Number.NEGATIVE_INFINITY, attachRequestedAt) };
  const since = { ...routed, rows: rowsAround(table, attachRequestedAt, Number.POSITIVE_INFINITY) };
  const { detachRespondedAt, observed = false } = life;
  const leaving = { detachRespondedAt, detachedFrom: detachedFrom(life), attachRequestedAt };
  const detach = detachLagOfNodes({ ...until, ...common, ...leaving }, nodes);
  const attachRespondedAt = life.attachRespondedAt ?? attachRequestedAt;
  const attach = attachLagOfNodes({ ...since, ...common, attachRequestedAt, attachRespondedAt, observed }, nodes);
  const served = servedFacts({ ...options, table, classes, eachRow: answersOf(context, target), life });
  const need = needOf(detach, life, lastFailureWhileDown(context, index, target));
  // Only what was seen in rotation can be seen to leave it.
  const wasSeen = detach.lastRouted !== null;
  const left =
    role === 'green'
      ? !wasSeen && life.joined === true
      : wasSeen && detach.silentSends >= mStar(1 / targets, LEFT_ALPHA);
  const returned = role !== 'blue' && served.servedNew >= 1;
  // Without the application's own marks the deploy's start is the earliest it can have gone down.
  const downAt = life.appDownAt ?? life.deployStartedAt;
  return {
    target: life.target,
    ...(role === null ? {} : { role }),
    left,
    replaced: role === 'blue' ? left : left && returned,
    returned,
    silentSends: detach.silentSends,
    pStillIn: detach.pStillIn,
    lastRoutedAt: detach.lastRouted,
    detachLagLoMs: detach.lagLo,
    detachLagHiMs: detach.lagHi,
    drainEndAt: detach.drainEnd,
    drainNeedMs: detach.drainNeed,
    drainNeedHiMs: detach.drainNeedHi,
    attachLagLoMs: attach.lagLo,
    attachLagHiMs: attach.lagHi,
    firstServedAt: attach.firstServed,
    marginMs: downAt === null || detach.drainEnd === null ? null : downAt - detach.drainEnd,
    ...served,
    needLoMs: need.lo,
    needHiMs: need.hi,
    ...(role === 'green' ? NO_LEAVE : {}),
  };
}

/**
 * The proof of replacement, one row per life of a target in the order of their detaches, then one for every target
 * that was never taken out (verdict.md §6). `replaced` = it left rotation and came back as the new version from a
 * new process (blue-green: green answered nothing before its attach and served the new version after it; blue left); all rows must say so for claim (d). A life without a deploy beside one with is not judged: a target
 * taken out twice is replaced once. Linear in the samples for each target.
 */
export function replacements(
  table: SampleTable,
  classes: ClassColumns,
  lives: readonly TargetLife[],
  window: Span,
  options: ReplacementOptions,
): Replacement[] {
  const ordered = inDetachOrder(lives);
  const stamps = stampIndexes(table.target.values, options.targets);
  const chains = phaseChains(lives, window.to);
  const context: Context = { table, classes, stamps, lives: ordered, chains, options };
  const isJudged = (life: TargetLife): boolean =>
    life.deployStartedAt !== null ||
    !ordered.some((other) => other.target === life.target && other.deployStartedAt !== null);
  const found = ordered.flatMap((life, index) => (isJudged(life) ? (replacementOf(context, index) ?? []) : []));
  const touched = new Set(found.map((row) => row.target));
  const others = options.targets.filter(({ id }) => !touched.has(id));
  return [
    ...found,
    ...others.map((target) => {
      const role = roleOf(target.id, options);
      return role === null ? untouched(target) : { ...untouched(target), role };
    }),
  ];
}
