import type { Series } from '../domain/result.js';
import type { SeriesAxis } from './series-axis.js';

const COLUMNS_MAX = 240;
/** Rows per factor of ten. */
const STEPS = [1, 1.5, 2, 3, 5, 7];
/** Upper ends of all rows there may be, ms: up to 81 days. */
const UPPER_MS = Float64Array.from({ length: 10 * STEPS.length }, (_, i) => {
  return STEPS[i % STEPS.length]! * 10 ** Math.floor(i / STEPS.length);
});

/** Latency over time as counts: log-spaced rows from 1 ms up to the slowest success, at most 240 columns. */
export class Heatmap {
  private readonly perColumn: number;
  private readonly columns: number;
  private readonly cells: Uint32Array;
  private maxMs = 1;
  private row = 0;

  constructor(private readonly axis: SeriesAxis) {
    this.perColumn = Math.max(1, Math.ceil(axis.length / COLUMNS_MAX));
    this.columns = Math.ceil(axis.length / this.perColumn);
    this.cells = new Uint32Array(UPPER_MS.length * this.columns);
  }

  /** A success, in one of the axis' buckets. */
  add(bucket: number, latencyMs: number): void {
    if (latencyMs > this.maxMs) this.maxMs = latencyMs;
    // Most take about as long as the one before.
    if (!(latencyMs <= UPPER_MS[this.row]! && (this.row === 0 || latencyMs > UPPER_MS[this.row - 1]!)))
      this.row = rowOf(latencyMs);
    this.cells[this.row * this.columns + Math.floor(bucket / this.perColumn)]! += 1;
  }

  counts(): Series['heatmap'] {
    const rowUpperMs = [...UPPER_MS.subarray(0, rowOf(this.maxMs) + 1)];
    const counts = rowUpperMs.map((_, row) =>
      Array.from(this.cells.subarray(row * this.columns, (row + 1) * this.columns)),
    );
    return { rowUpperMs, columnMs: this.perColumn * this.axis.bucketMs, counts };
  }
}

/** The first row that reaches so far up; the last one for whatever lies beyond it. */
function rowOf(latencyMs: number): number {
  let low = 0;
  let high = UPPER_MS.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (UPPER_MS[middle]! >= latencyMs) high = middle;
    else low = middle + 1;
  }
  return low;
}
