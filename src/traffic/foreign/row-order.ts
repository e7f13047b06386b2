/** Anything with a place in time. */
interface Placed {
  readonly scheduledAt: number;
}

/**
 * Puts rows that come in the order in which requests *ended* into the order in which they were *due*, so that their
 * numbers can run along with time as the evidence demands. A row is held back until everything due before it must have
 * ended: `horizonMs` after the newest due time seen. A binary heap, because rows of an outage wait a whole timeout.
 */
export class RowOrder<T extends Placed> {
  readonly #heap: T[] = [];
  readonly #horizonMs: number;
  readonly #emit: (row: T) => void;
  #newest = Number.NEGATIVE_INFINITY;

  constructor(horizonMs: number, emit: (row: T) => void) {
    this.#horizonMs = horizonMs;
    this.#emit = emit;
  }

  add(row: T): void {
    if (row.scheduledAt > this.#newest) this.#newest = row.scheduledAt;
    this.#push(row);
    this.#release(this.#newest - this.#horizonMs);
  }

  /** Lets everything go: nothing more comes. */
  flush(): void {
    this.#release(Number.POSITIVE_INFINITY);
  }

  get held(): number {
    return this.#heap.length;
  }

  #release(until: number): void {
    for (let first = this.#heap[0]; first !== undefined && first.scheduledAt <= until; first = this.#heap[0]) {
      this.#pop();
      this.#emit(first);
    }
  }

  #push(row: T): void {
    const heap = this.#heap;
    let at = heap.push(row) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]!.scheduledAt <= row.scheduledAt) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = row;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.scheduledAt < heap[child]!.scheduledAt) child++;
      if (heap[child]!.scheduledAt >= last.scheduledAt) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}
