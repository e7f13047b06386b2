/**
 * Edits (insert, delete, replace, swap of neighbours) that turn one word into the other: Damerau and Levenshtein's
 * distance without the restriction that a swapped pair is left alone afterwards.
 */
export function editDistance(a: string, b: string): number {
  const far = a.length + b.length;
  // Row and column 0 hold `far`, so that a swap with nothing before it is never chosen.
  const rows: number[][] = [
    [far, ...Array.from({ length: b.length + 1 }, () => far)],
    [far, ...Array.from({ length: b.length + 1 }, (_, j) => j)],
  ];
  const cell = (i: number, j: number) => rows[i]?.[j] ?? far;
  const lastRowOf = new Map<string, number>();
  for (let i = 1; i <= a.length; i++) {
    const row = [far, i];
    rows.push(row);
    let lastMatch = 0;
    for (let j = 1; j <= b.length; j++) {
      const [swapRow, swapColumn] = [lastRowOf.get(b[j - 1] ?? '') ?? 0, lastMatch];
      const same = a[i - 1] === b[j - 1];
      if (same) lastMatch = j;
      const swap = cell(swapRow, swapColumn) + (i - swapRow - 1) + 1 + (j - swapColumn - 1);
      row.push(Math.min(cell(i, j) + (same ? 0 : 1), cell(i + 1, j) + 1, cell(i, j + 1) + 1, swap));
    }
    lastRowOf.set(a[i - 1] ?? '', i);
  }
  return cell(a.length + 1, b.length + 1);
}

/**
 * The word the user most likely meant, or null. Two edits are always close enough; longer words may be a third wrong.
 * Case, dashes and underscores are no difference at all (`after_detach` means `afterDetach`).
 */
export function closest(word: string, candidates: readonly string[]): string | null {
  // A pasted page is not a typo, and its distance would cost quadratic time.
  if (word.length > 64) return null;
  let best: string | null = null;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const exact = editDistance(word, candidate);
    const loose = editDistance(bare(word), bare(candidate)) + (bare(word) === bare(candidate) ? 0 : 0.5);
    const distance = Math.min(exact, loose);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best !== null && bestDistance <= Math.max(2, Math.floor(best.length / 3)) ? best : null;
}

function bare(word: string): string {
  return word.replace(/[-_ ]/g, '').toLowerCase();
}
