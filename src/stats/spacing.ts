/**
 * D(m) of verdict.md §3.1: the longest stretch of [from, to] over m consecutive gaps between sends, the two ends
 * counting as sends. Any interval in it *longer* than D(m) holds at least m sends, with no probability involved. Sends are
 * told in ascending order; those outside [from, to] and NaN do not count.
 */
export class SpanSweep {
  private count = 0;
  private longest = 0;
  /** The last m sends, each in the place of the one m before it; `from` is the first. */
  private readonly recent: number[];

  constructor(
    private readonly from: number,
    private readonly to: number,
    private readonly m: number,
  ) {
    this.recent = [from];
  }

  add(at: number): void {
    if (!(at >= this.from && at <= this.to)) return;
    const { recent } = this;
    const place = ++this.count % this.m;
    if (this.count >= this.m) {
      this.longest = Math.max(this.longest, at - recent[place]!);
      recent[place] = at;
    } else if (this.m < Number.POSITIVE_INFINITY) recent.push(at);
  }

  /** ms; fewer than m gaps prove nothing, so the answer is to − from then. */
  end(): number {
    const { from, to, count } = this;
    if (!(this.m <= count + 1)) return Math.max(0, to - from);
    if (!(this.m >= 1)) return 0;
    return Math.max(this.longest, to - this.recent[(count + 1) % this.m]!);
  }
}

/**
 * Time in [from, to] that nobody watched: over all gaps between sends, what exceeds `allowanceMs` (the two ends count as
 * sends). Sends are told in ascending order; those outside [from, to] and NaN do not count.
 */
export class GapSweep {
  private last: number;
  private total = 0;

  constructor(
    private readonly from: number,
    private readonly to: number,
    private readonly allowanceMs: number,
  ) {
    this.last = from;
  }

  add(at: number): void {
    if (!(at >= this.from && at <= this.to)) return;
    this.total += Math.max(0, at - this.last - this.allowanceMs);
    this.last = at;
  }

  /** ms. */
  end(): number {
    return this.total + Math.max(0, this.to - this.last - this.allowanceMs);
  }
}
