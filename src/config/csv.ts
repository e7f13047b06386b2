import type { SourceText } from './source.js';

/** A cell and where it begins in the file. */
export interface CsvCell {
  readonly text: string;
  readonly offset: number;
}

/** A file's rows, blank lines left out; `fault` is the first thing that is no CSV, where reading stopped. */
export interface CsvRows {
  readonly rows: readonly (readonly CsvCell[])[];
  readonly fault: { readonly offset: number; readonly message: string } | null;
}

/** RFC 4180: comma, double quotes doubled inside quotes, CRLF or LF (or CR) between rows, line breaks inside quotes. */
export function csvRows({ text }: SourceText): CsvRows {
  const rows: CsvCell[][] = [];
  let row: CsvCell[] = [];
  let at = 0;
  while (at < text.length || row.length > 0) {
    const cell = text[at] === '"' ? quotedCell(text, at) : plainCell(text, at);
    if ('message' in cell) return { rows, fault: cell };
    row.push({ text: cell.text, offset: at });
    at = cell.end;
    if (text[at] === ',') {
      at++;
      continue;
    }
    if (text[at] === '\r') at++;
    if (text[at] === '\n') at++;
    if (row.length > 1 || row[0]?.text !== '') rows.push(row);
    row = [];
  }
  return { rows, fault: null };
}

type Read = { readonly text: string; readonly end: number } | { readonly message: string; readonly offset: number };

function plainCell(text: string, from: number): Read {
  let end = from;
  while (end < text.length && text[end] !== ',' && text[end] !== '\n' && text[end] !== '\r') {
    if (text[end] === '"') return { message: 'a quote in the middle of a value', offset: end };
    end++;
  }
  return { text: text.slice(from, end), end };
}

function quotedCell(text: string, from: number): Read {
  let value = '';
  for (let at = from + 1; ; ) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return { message: 'a quote that is never closed', offset: from };
    value += text.slice(at, quote);
    const after = text[quote + 1];
    if (after === undefined || after === ',' || after === '\n' || after === '\r')
      return { text: value, end: quote + 1 };
    if (after !== '"') return { message: 'text after the closing quote', offset: quote + 1 };
    value += '"';
    at = quote + 2;
  }
}
