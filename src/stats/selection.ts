/** Below this many values a sample is not worth drawing. */
const SAMPLE_FROM = 600;
/** Rounds of partition, per binary digit of the length, before input that defeats the sampling is sorted instead. */
const ROUNDS_PER_DIGIT = 4;

/**
 * Puts the value that an ascending sort would put at `rank` there, nothing greater before it and nothing less after it
 * (Floyd & Rivest, CACM 18, 1975, algorithm 489), within [left, right]; in place, no NaN. O(n) with a small constant; never worse
 * than a sort.
 */
export function selectInPlace(values: Float64Array, rank: number, left = 0, right = values.length - 1): void {
  let low = left;
  let high = right;
  let rounds = ROUNDS_PER_DIGIT * (32 - Math.clz32(Math.max(1, high - low)));
  while (high > low) {
    if (rounds-- === 0) {
      values.subarray(low, high + 1).sort();
      return;
    }
    if (high - low > SAMPLE_FROM) selectFromSample(values, rank, low, high);
    const pivot = values[rank]!;
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i > j) break;
      const swapped = values[i]!;
      values[i++] = values[j]!;
      values[j--] = swapped;
    }
    if (rank <= j) high = j;
    else if (rank >= i) low = i;
    else return;
  }
}

/** Selects within a sample around `rank`, so that the value found there splits the whole close to it. */
function selectFromSample(values: Float64Array, rank: number, low: number, high: number): void {
  const n = high - low + 1;
  const place = rank - low + 1;
  const z = Math.log(n);
  const size = 0.5 * Math.exp((2 * z) / 3);
  const spread = 0.5 * Math.sqrt((z * size * (n - size)) / n) * Math.sign(place - n / 2);
  const from = Math.max(low, Math.floor(rank - (place * size) / n + spread));
  const to = Math.min(high, Math.floor(rank + ((n - place) * size) / n + spread));
  selectInPlace(values, rank, from, to);
}
