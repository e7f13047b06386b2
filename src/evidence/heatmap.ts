import type { Series } from '../domain/result.js';
import { HELD_LANE } from '../domain/sample.js';
import type { JudgedSamples } from './judged-samples.js';
import type { SeriesAxis } from './series-axis.js';

const COLUMNS_MAX = 240;
/** Rows per factor of ten. */
const STEPS = [1, 1.5, 2, 3, 5, 7];

/** Latency over time as counts: log-spaced rows from 1 ms up to the slowest success, at most 240 columns. */
export function heatmapOf(samples: JudgedSamples, bucket: Int16Array, axis: SeriesAxis): Series['heatmap'] {
  const { table, ok } = samples;
  const perColumn = Math.max(1, Math.ceil(axis.length / COLUMNS_MAX));
  const columns = Math.ceil(axis.length / perColumn);
  let max = 1;
  for (let row = 0; row < table.length; row++) {
    if (ok[row] === 1 && table.lane.at(row) !== HELD_LANE)
      max = Math.max(max, table.endedAt.at(row) - table.scheduledAt[row]!);
  }
  const rowUpperMs = logRows(max);
  const upper = Float64Array.from(rowUpperMs);
  const cells = new Uint32Array(upper.length * columns);
  for (let row = 0; row < table.length; row++) {
    if (ok[row] === 0 || bucket[row]! < 0 || table.lane.at(row) === HELD_LANE) continue;
    const latency = table.endedAt.at(row) - table.scheduledAt[row]!;
    cells[rowOf(upper, latency) * columns + Math.floor(bucket[row]! / perColumn)]! += 1;
  }
  const counts = rowUpperMs.map((_, row) => Array.from(cells.subarray(row * columns, (row + 1) * columns)));
  return { rowUpperMs, columnMs: perColumn * axis.bucketMs, counts };
}

function logRows(max: number): readonly number[] {
  const rows: number[] = [];
  for (let decade = 1; ; decade *= 10) {
    for (const step of STEPS) {
      rows.push(step * decade);
      if (step * decade >= max) return rows;
    }
  }
}

function rowOf(upper: Float64Array, latency: number): number {
  let low = 0;
  let high = upper.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (upper[middle]! >= latency) high = middle;
    else low = middle + 1;
  }
  return low;
}
