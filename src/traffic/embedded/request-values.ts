import { splitAtPlaceholders } from '../../domain/placeholder.js';
import type { ValuesTable } from '../../domain/scenario.js';

/** A part of a request by the row its cells come from; latin1 text, one character a byte. */
export interface FilledText {
  /** The same for every row. */
  readonly isFixed: boolean;
  readonly at: (row: number) => string;
  /** Bytes of `at(row)`. */
  readonly length: (row: number) => number;
}

/** Visible latin1, blanks and tabs: what a header value may hold without becoming another header. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** A text that no row changes. */
export function fixedText(text: string): FilledText {
  return { isFixed: true, at: () => text, length: () => text.length };
}

/** The bytes of a text in UTF-8, as latin1. */
export function wireBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** A text as part of a path or query: everything but RFC 3986's unreserved characters escaped. */
export function urlEncoded(text: string): string {
  // Half a surrogate pair is no text: what UTF-8 makes of it (U+FFFD) goes over the wire.
  const whole = Buffer.from(text, 'utf8').toString('utf8');
  return encodeURIComponent(whole).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The value itself, or null when it would not stay one header. */
export function headerValue(text: string): string | null {
  return VALUE.test(text) ? text : null;
}

/** The cells of a table, encoded once per place they go to, so that an arrival only picks one. */
export class RowValues {
  readonly #table: ValuesTable;
  readonly #encoded = new Map<unknown, Map<number, readonly string[]>>();

  constructor(table: ValuesTable) {
    this.#table = table;
  }

  /**
   * The text with its `{{column}}` filled, every cell run through `encode`.
   * @throws RangeError for a column the table has not, and for a cell that `encode` refuses (null).
   */
  fill(text: string, encode: (cell: string) => string | null): FilledText {
    const { fixed, columns } = splitAtPlaceholders(text);
    if (columns.length === 0) return fixedText(text);
    const cells = columns.map((name) => this.#column(name, encode));
    const fixedLength = fixed.reduce((sum, part) => sum + part.length, 0);
    return {
      isFixed: false,
      at: (row) => {
        let filled = fixed[0]!;
        for (let i = 0; i < cells.length; i++) filled += cells[i]![row]! + fixed[i + 1]!;
        return filled;
      },
      length: (row) => {
        let length = fixedLength;
        for (let i = 0; i < cells.length; i++) length += cells[i]![row]!.length;
        return length;
      },
    };
  }

  #column(name: string, encode: (cell: string) => string | null): readonly string[] {
    const { columns, rows, file } = this.#table;
    const index = columns.indexOf(name);
    if (index < 0) throw new RangeError(`${file} has no column ${JSON.stringify(name)}`);
    const known = this.#encoded.get(encode) ?? new Map<number, readonly string[]>();
    this.#encoded.set(encode, known);
    const cells =
      known.get(index) ??
      rows.map((row, at) => {
        const cell = encode(row[index] ?? '');
        if (cell === null) throw new RangeError(`row ${at + 1} of column ${name} does not fit`);
        return cell;
      });
    known.set(index, cells);
    return cells;
  }
}
