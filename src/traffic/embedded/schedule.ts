import type { Segment } from '../../domain/event.js';
import type { Instant } from '../../domain/time.js';
import type { ArrivalPlan } from '../arrivals.js';
import { planNumber } from '../segments.js';

/** A walk along the arrivals of one segment of a plan, in the order they are due. */
export class Schedule {
  readonly #plan: Pick<ArrivalPlan, 'dueMs'>;
  readonly #segment: Segment;
  readonly #start: Instant;
  /** Arrivals taken so far. */
  taken = 0;
  /** When the next one is due. */
  nextDue: Instant;

  constructor(plan: Pick<ArrivalPlan, 'dueMs'>, segment: Segment, start: Instant) {
    this.#plan = plan;
    this.#segment = segment;
    this.#start = start;
    this.nextDue = this.#dueOf(0);
  }

  /** Takes the next one: its number in the plan. */
  take(): number {
    const k = planNumber(this.#segment, this.taken++);
    this.nextDue = this.#dueOf(this.taken);
    return k;
  }

  #dueOf(own: number): Instant {
    return this.#start + this.#plan.dueMs(planNumber(this.#segment, own));
  }
}
