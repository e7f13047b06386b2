import type { Span } from '../../domain/time.js';
import { excessP } from '../../stats/excess.js';
import { type JudgedSamples, NO_TARGET } from '../judged-samples.js';
import { rowsAround } from '../sending-order.js';

/** A cause that rests on errors of a version alone needs so small a chance that they are the service's own. */
const VERSION_ALPHA = 0.001;
/** The same for failures in some span of the deploy: there are up to a dozen such spans in a run. */
const SPAN_ALPHA = 1e-4;

/** How the service failed before the deploy: what names the target that answered, and what names nobody. */
export interface Background {
  readonly requests: number;
  readonly named: number;
  readonly unnamed: number;
}

/** Failures of some requests, told apart as in the background. */
export interface Tally {
  readonly requests: number;
  readonly named: number;
  readonly unnamed: number;
}

/** Counts the failures of the rows asked for; `counts` leaves out failures that a rule does not speak of. Of the rows [first, last). */
export function tallyOf(
  samples: JudgedSamples,
  isAsked: (row: number) => boolean,
  counts: (row: number) => boolean = () => true,
  first = 0,
  last = samples.failed.length,
): Tally {
  const tally = { requests: 0, named: 0, unnamed: 0 };
  for (let row = first; row < last; row++) {
    if (samples.unknown[row] === 1 || !isAsked(row)) continue;
    tally.requests++;
    if (samples.failed[row] === 0 || !counts(row)) continue;
    if (samples.target[row] === NO_TARGET) tally.unnamed++;
    else tally.named++;
  }
  return tally;
}

/** Counts the failures of the judged requests sent in a span of time; an empty span costs nothing. */
export function tallyBetween(
  samples: JudgedSamples,
  { from, to }: Span,
  counts: (row: number) => boolean = () => true,
  isAsked: (row: number) => boolean = () => true,
): Tally {
  if (!(from < to)) return { requests: 0, named: 0, unnamed: 0 };
  const { sentAt } = samples.table;
  const { inWindow } = samples;
  const { first, last } = rowsAround(samples.table, from, to);
  const isIn = (row: number) => sentAt.at(row) >= from && sentAt.at(row) < to && inWindow[row] === 1 && isAsked(row);
  return tallyOf(samples, isIn, counts, first, last);
}

/** The unnamed failures are more than the service has by itself. */
export function isUnnamedExcess({ requests, unnamed }: Tally, background: Background): boolean {
  return unnamed > 0 && excessP(unnamed, requests, background.unnamed, background.requests) <= SPAN_ALPHA;
}

/** The failures that name a target are more than the service has by itself. */
export function isNamedExcess({ requests, named }: Tally, background: Background): boolean {
  return named > 0 && excessP(named, requests, background.named, background.requests) <= SPAN_ALPHA;
}

/** Of two groups of answers the first fails more often, beyond what chance allows. */
export function failsMore(
  here: { readonly k: number; readonly n: number },
  there: { readonly k: number; readonly n: number },
): boolean {
  return here.k > 0 && excessP(here.k, here.n, there.k, there.n) <= VERSION_ALPHA;
}
