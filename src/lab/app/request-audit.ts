/** Sequence numbers per bitmap page: 8 KiB each, made when first needed. */
const PAGE_BITS = 65_536;
/** 2^24 requests of one run are told apart (2 MiB); higher numbers are counted as untracked. */
const MAX_SEQ = 2 ** 24;
/** Runs kept; the one longest without a request makes room for a new one. */
const MAX_RUNS = 32;

/** What was seen of one run: exactly once means count = distinct and untracked = 0. */
export interface RunAudit {
  readonly count: number;
  readonly distinct: number;
  readonly duplicates: number;
  /** Requests whose sequence number was missing, unreadable or beyond the bitmap. */
  readonly untracked: number;
}

/**
 * Counts the requests an application received, by run, and tells repeated ones by their sequence number, in bounded
 * memory: a load balancer must never deliver a request twice, whatever it retries.
 */
export class RequestAudit {
  readonly #runs = new Map<string, { count: number; distinct: number; duplicates: number; untracked: number }>();
  readonly #pages = new Map<string, Map<number, Uint8Array>>();

  record(run: string, seqText: string | undefined): void {
    const entry = this.#runs.get(run) ?? { count: 0, distinct: 0, duplicates: 0, untracked: 0 };
    this.#runs.delete(run);
    this.#runs.set(run, entry);
    if (this.#runs.size > MAX_RUNS) this.#forgetOldest();
    entry.count++;
    const seq = seqText !== undefined && /^\d{1,15}$/.test(seqText) ? Number(seqText) : Number.NaN;
    if (!(seq < MAX_SEQ)) entry.untracked++;
    else if (this.#mark(run, seq)) entry.distinct++;
    else entry.duplicates++;
  }

  runs(): Record<string, RunAudit> {
    return Object.fromEntries([...this.#runs].map(([run, entry]) => [run, { ...entry }]));
  }

  /** True when the number is new. */
  #mark(run: string, seq: number): boolean {
    let pages = this.#pages.get(run);
    if (pages === undefined) {
      pages = new Map();
      this.#pages.set(run, pages);
    }
    const pageNumber = Math.floor(seq / PAGE_BITS);
    let page = pages.get(pageNumber);
    if (page === undefined) {
      page = new Uint8Array(PAGE_BITS / 8);
      pages.set(pageNumber, page);
    }
    const bit = seq % PAGE_BITS;
    const mask = 1 << (bit & 7);
    const seen = (page[bit >> 3]! & mask) !== 0;
    page[bit >> 3]! |= mask;
    return !seen;
  }

  #forgetOldest(): void {
    const oldest = this.#runs.keys().next();
    if (oldest.done) return;
    this.#runs.delete(oldest.value);
    this.#pages.delete(oldest.value);
  }
}
