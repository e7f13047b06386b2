/** One scenario file as read. `lineStarts` are offsets, so that a place costs one number until it is shown. */
export interface SourceText {
  /** As the user would name it: the argument, or the path reached through `extends`. */
  readonly file: string;
  readonly text: string;
  readonly lineStarts: readonly number[];
}

/** Where something was written. `offset` counts UTF-16 units from the start of the text (without byte order mark). */
export interface Place {
  readonly source: SourceText;
  readonly offset: number;
}

/** Wraps a file's text; a leading byte order mark is not part of it. */
export function sourceText(file: string, raw: string): SourceText {
  const text = raw.startsWith('\uFEFF') ? raw.slice(1) : raw;
  const lineStarts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lineStarts.push(at + 1);
  return { file, text, lineStarts };
}

/** Line and column, both from 1, and the whole line without its line break. A tab is one column. */
export function lineOf(place: Place): { readonly line: number; readonly column: number; readonly text: string } {
  const { lineStarts, text } = place.source;
  let low = 0;
  let high = lineStarts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((lineStarts[middle] ?? 0) <= place.offset) low = middle;
    else high = middle - 1;
  }
  const start = lineStarts[low] ?? 0;
  const end = lineStarts[low + 1] === undefined ? text.length : (lineStarts[low + 1] ?? 0) - 1;
  const line = text.slice(start, end);
  return { line: low + 1, column: place.offset - start + 1, text: line.endsWith('\r') ? line.slice(0, -1) : line };
}
