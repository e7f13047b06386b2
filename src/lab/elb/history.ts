/** Values by the time they became true, so that a reader can be given yesterday's answer. */
export class History<T> {
  #entries: { readonly at: number; readonly value: T }[] = [];

  /** `value` is true from `at` on; times never go back. */
  record(at: number, value: T): void {
    this.#entries.push({ at, value });
  }

  /** What was true at `at`; the first value for times before it, undefined when nothing was ever recorded. */
  at(at: number): T | undefined {
    for (let index = this.#entries.length - 1; index >= 0; index--) {
      const entry = this.#entries[index]!;
      if (entry.at <= at) return entry.value;
    }
    return this.#entries[0]?.value;
  }

  /** Makes `value` what was true at all times so far. */
  beginWith(at: number, value: T): void {
    this.#entries = [{ at, value }];
  }

  /** Drops what no reader asking for `at` or later can see. */
  forgetBefore(at: number): void {
    let keep = 0;
    while (keep + 1 < this.#entries.length && this.#entries[keep + 1]!.at <= at) keep++;
    if (keep > 0) this.#entries = this.#entries.slice(keep);
  }
}
