import type { TrafficProgress } from '../../domain/ports.js';
import type { OkRule } from '../../domain/scenario.js';
import { LANE_CODE } from '../arrivals.js';
import type { Row } from './columns.js';
import type { Dictionary } from './dictionary.js';

/** Progress as it crosses threads: `answeredBy` as entries, for the names are strangers' text. */
export interface ProgressFigures extends Omit<TrafficProgress, 'answeredBy'> {
  readonly answeredBy: readonly (readonly [target: string, answers: number])[];
}

/** Targets named at once in the live display. */
const SHOWN_TARGETS = 16;
/** Latency buckets: 16 per doubling from 1/16 ms up to about 70 min, each at most 5 % wide. */
const PER_DOUBLING = 16;
const BUCKETS = PER_DOUBLING * 26;

/**
 * Live figures: counters since the start, latency and targets of the last interval. For the display only, nothing of
 * it reaches the verdict. Lane `long` is left out of the latency: it is slow by request.
 */
export class Tally {
  /** Arrivals that came due, sent or not. */
  scheduled = 0;
  sent = 0;
  ended = 0;
  dropped = 0;
  #ok = 0;
  readonly #rules: readonly OkRule[];
  readonly #answers = new Uint32Array(65_536);
  readonly #latency = new Uint32Array(BUCKETS);
  #latencies = 0;

  /** `rules` by the code of the request; those without a code of their own go by the first. */
  constructor(rules: readonly OkRule[]) {
    this.#rules = rules;
  }

  /** Takes one ended request in. */
  count(row: Readonly<Row>): void {
    this.ended++;
    if (row.status !== 0) this.#answers[row.target]!++;
    if (row.error !== 0 || row.bodyOk === 0 || !this.#accepted(row)) return;
    this.#ok++;
    if (row.lane === LANE_CODE.long) return;
    this.#latency[bucketOf(row.endedAt - row.scheduledAt)]!++;
    this.#latencies++;
  }

  /** The figures of the interval that ends now; starts the next one. Latency is 0 when nothing was answered. */
  takeProgress(intervalMs: number, inFlight: number, targets: Dictionary): ProgressFigures {
    const answeredBy: [string, number][] = [];
    for (let code = 1; code < targets.size; code++) {
      const answers = this.#answers[code]!;
      if (answers > 0) answeredBy.push([targets.textOf(code)!, answers]);
    }
    answeredBy.sort((a, b) => b[1] - a[1]);
    const figures: ProgressFigures = {
      scheduled: this.scheduled,
      sent: this.sent,
      ok: this.#ok,
      failed: this.ended - this.#ok,
      dropped: this.dropped,
      inFlight,
      latencyMsP99: this.#quantile(0.99),
      answeredBy: answeredBy.slice(0, SHOWN_TARGETS),
      intervalMs,
    };
    this.#answers.fill(0, 0, targets.size);
    this.#latency.fill(0);
    this.#latencies = 0;
    return figures;
  }

  #accepted({ request, status }: Readonly<Row>): boolean {
    for (const [from, to] of this.#rules[request]!.status) if (status >= from && status <= to) return true;
    return false;
  }

  #quantile(q: number): number {
    let left = Math.ceil(this.#latencies * q);
    if (left === 0) return 0;
    let bucket = 0;
    while (left > this.#latency[bucket]!) left -= this.#latency[bucket++]!;
    return 2 ** ((bucket + 1) / PER_DOUBLING) / 16;
  }
}

function bucketOf(ms: number): number {
  return Math.min(Math.floor(Math.log2(Math.max(ms * 16, 1)) * PER_DOUBLING), BUCKETS - 1);
}
