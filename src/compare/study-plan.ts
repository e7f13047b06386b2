import type { VerdictKind } from '../domain/verdict.js';

/** How a study is laid out; fixed before the first run and never changed by what the runs say. */
export interface StudyDesign {
  readonly variants: number;
  /** Blocks: each runs every variant once. */
  readonly repeats: number;
  readonly seed: number;
}

/** One place of a variant in a block. */
export interface Slot {
  readonly block: number;
  readonly variant: number;
}

/** How one attempt at a slot ended. */
export interface Attempt extends Slot {
  readonly verdict: VerdictKind;
}

/** What to do next. */
export interface NextRun extends Slot {
  /** From 1. */
  readonly attempt: number;
}

/** Undecided attempts at one slot before it is given up. */
export const ATTEMPTS_MAX = 3;
/** From so many failures on a variant has nothing more to prove … */
export const FUTILE_AFTER = 3;
/** … and is only run in every third block, so that the comparison keeps an eye on it. */
const FUTILE_EVERY = 3;

const isCounted = (verdict: VerdictKind): boolean => verdict === 'PASS' || verdict === 'FAIL';

/**
 * The slot to run next, or null when the study is done (verdict.md §8). A pure function of design and past attempts, so
 * a study cut anywhere goes on exactly where it was: blocks one after the other, each in an order of its own drawn
 * from the seed; an undecided run is repeated at once, {@link ATTEMPTS_MAX} times at most; a variant with
 * {@link FUTILE_AFTER} failures in earlier blocks is only run in every third block.
 */
export function nextRun(design: StudyDesign, attempts: readonly Attempt[]): NextRun | null {
  for (const next of openSlots(design, attempts)) return next;
  return null;
}

/** Slots still to run if nothing is undecided or futile from here on: what the time left is reckoned from. */
export function slotsLeft(design: StudyDesign, attempts: readonly Attempt[]): NextRun[] {
  return [...openSlots(design, attempts)];
}

function* openSlots(design: StudyDesign, attempts: readonly Attempt[]): Generator<NextRun> {
  const bySlot = new Map<number, Attempt[]>();
  for (const a of attempts) {
    const key = a.block * design.variants + a.variant;
    bySlot.set(key, [...(bySlot.get(key) ?? []), a]);
  }
  const failures = new Array<number>(design.variants).fill(0);
  for (let block = 0; block < design.repeats; block++) {
    const isRun = (v: number): boolean => (failures[v] ?? 0) < FUTILE_AFTER || block % FUTILE_EVERY === 0;
    for (const variant of shuffled(design.variants, design.seed, block).filter(isRun)) {
      const tried = bySlot.get(block * design.variants + variant) ?? [];
      if (tried.some((a) => isCounted(a.verdict)) || tried.length >= ATTEMPTS_MAX) continue;
      yield { block, variant, attempt: tried.length + 1 };
    }
    // Only earlier blocks decide, so that the order within a block changes nothing.
    for (let variant = 0; variant < design.variants; variant++) {
      const tried = bySlot.get(block * design.variants + variant) ?? [];
      failures[variant] = (failures[variant] ?? 0) + tried.filter((a) => a.verdict === 'FAIL').length;
    }
  }
}

/** Slots whose every attempt was undecided: nobody knows, so they count as not safe. */
export function givenUp(attempts: readonly Attempt[], variant: number): number {
  const blocks = new Map<number, Attempt[]>();
  for (const a of attempts) {
    if (a.variant === variant) blocks.set(a.block, [...(blocks.get(a.block) ?? []), a]);
  }
  const isLost = (tried: readonly Attempt[]): boolean =>
    tried.length >= ATTEMPTS_MAX && !tried.some((a) => isCounted(a.verdict));
  return [...blocks.values()].filter(isLost).length;
}

/** Fisher–Yates over a hash of seed, block and place. */
function shuffled(length: number, seed: number, block: number): number[] {
  const order = Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = Math.floor((seedFor(seed, `order/${block}/${i}`) / 2 ** 31) * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/**
 * A seed of its own for every purpose, 0 … 2³¹ − 1: the runs of a study must not draw the same delays, else every
 * repeat is the same deploy. FNV-1a over the words with a final avalanche.
 */
export function seedFor(seed: number, purpose: string): number {
  let h = 0x811c9dc5;
  for (const char of `${seed}/${purpose}`) h = Math.imul(h ^ (char.codePointAt(0) ?? 0), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 1;
}
