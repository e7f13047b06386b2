/**
 * Which numbers of one lane have come in. A generator numbers what it starts from 0 without holes, so after the end of
 * the run every number below the highest one that was due must be there: what is not was lost, whatever the tool's exit
 * code says.
 */
export class LaneLedger {
  /** Everything below has been seen. */
  #frontier = 0;
  #highest = -1;
  /** Numbers beyond the frontier, with the instant they were due. */
  readonly #ahead = new Map<number, number>();
  #frontierDue = Number.NEGATIVE_INFINITY;
  #kept = 0;
  #duplicates = 0;

  /** Takes a number in; false when it was there already. `isKept`: it was due before the end of the run. */
  add(number: number, due: number, isKept: boolean): boolean {
    if (number < this.#frontier || this.#ahead.has(number)) {
      this.#duplicates++;
      return false;
    }
    this.#ahead.set(number, due);
    if (isKept) {
      this.#kept++;
      if (number > this.#highest) this.#highest = number;
    }
    for (let at = this.#ahead.get(this.#frontier); at !== undefined; at = this.#ahead.get(this.#frontier)) {
      this.#ahead.delete(this.#frontier++);
      if (at > this.#frontierDue) this.#frontierDue = at;
    }
    return true;
  }

  /** Whether everything due before `at` is here: numbers are handed out in the order of time, to within `slackMs`. */
  isWholeUntil(at: number, slackMs: number): boolean {
    return this.#frontierDue >= at + slackMs;
  }

  /** Numbers up to the highest kept one that never came. */
  get lost(): number {
    return Math.max(0, this.#highest + 1 - this.#kept);
  }

  get duplicates(): number {
    return this.#duplicates;
  }
}
