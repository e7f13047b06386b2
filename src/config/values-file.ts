import { splitAtPlaceholders } from '../domain/placeholder.js';
import type { ValuesTable } from '../domain/scenario.js';
import { csvRows } from './csv.js';
import { type KeyPath, problemAt, type ScenarioProblem } from './problem.js';
import { plainText, quoted } from './problem-text.js';
import type { Place, SourceText } from './source.js';
import { closest } from './suggestion.js';

/** A text in which `{{column}}` stands for a value, and where it was written. */
export interface Templated {
  readonly text: string;
  readonly path: KeyPath;
  readonly place: Place;
  readonly kind: 'path' | 'header' | 'body';
}

/** A values file as far as it could be read. */
export interface ReadValues {
  readonly table: ValuesTable | null;
  readonly problems: readonly ScenarioProblem[];
  /** Where a cell of the table stands. */
  readonly cellPlace: (row: number, column: number) => Place;
}

const MAX_ROWS = 100_000;
/** Of one kind: a file with the wrong separator is wrong in every line. */
const MAX_ALIKE = 5;
/** What cannot stand in a header value. */
const NOT_IN_HEADER = /[^\t\x20-\x7e\x80-\xff]/;

/** Reads a CSV file whose first row names the columns; problems point into that file. */
export function valuesIn(source: SourceText, order: ValuesTable['order']): ReadValues {
  const problems: ScenarioProblem[] = [];
  const refuse = (offset: number, message: string, hint: string) => {
    problems.push(problemAt({ source, offset }, ['service', 'values', 'file'], message, hint));
  };
  const { rows: all, fault } = csvRows(source);
  if (fault !== null) refuse(fault.offset, fault.message, 'put the value in quotes and double the quotes inside it');
  const [names = [], ...rows] = all;
  const columns = names.map((cell) => cell.text.trim());
  for (const [i, { offset }] of names.entries()) {
    const name = columns[i]!;
    if (name === '' || /[{}]/.test(name))
      refuse(offset, `${quoted(name)} names no column`, 'the first line names them');
    else if (columns.indexOf(name) < i)
      refuse(offset, `${quoted(name)} is named twice`, 'give each column its own name');
  }
  if (fault === null && rows.length === 0) refuse(0, 'has no row of values', 'write the column names, then the rows');
  if (rows.length > MAX_ROWS)
    refuse(rows[MAX_ROWS]![0]!.offset, `more than ${MAX_ROWS} rows`, 'shorten it: rows are used again');
  const uneven = rows.filter((row) => row.length !== names.length);
  for (const row of uneven.slice(0, MAX_ALIKE)) {
    const message = `${row.length} values for ${names.length} columns${uneven.length > MAX_ALIKE ? `, as in ${uneven.length} rows` : ''}`;
    refuse(row[0]!.offset, message, 'put a value with a comma in it in quotes');
  }
  const cellPlace = (row: number, column: number): Place => ({ source, offset: rows[row]?.[column]?.offset ?? 0 });
  if (problems.length > 0) return { table: null, problems, cellPlace };
  const cells = rows.map((row) => row.map((cell) => cell.text));
  const table = { file: source.file, order, columns, rows: cells, rowCount: cells.length };
  return { table, problems, cellPlace };
}

/** Placeholders without a column, and values that cannot go where they are put. */
export function placeholderProblems(
  texts: readonly Templated[],
  { file, columns, rows }: ValuesTable,
  cellPlace: ReadValues['cellPlace'],
): readonly ScenarioProblem[] {
  const problems: ScenarioProblem[] = [];
  const inHeaders = new Set<number>();
  for (const { text, path, place, kind } of texts) {
    for (const name of new Set(splitAtPlaceholders(text).columns)) {
      const column = columns.indexOf(name);
      if (column >= 0 && kind === 'header') inHeaders.add(column);
      if (column >= 0) continue;
      const near = closest(name, columns);
      const hint =
        near === null ? `its columns are ${plainText(columns.join(', '), 200)}` : `did you mean ${quoted(near)}?`;
      problems.push(problemAt(place, path, `${quoted(file)} has no column ${quoted(name)}`, hint));
    }
  }
  for (const column of inHeaders) {
    const bad = rows.flatMap((row, at) => (NOT_IN_HEADER.test(row[column]!) ? [at] : []));
    for (const row of bad.slice(0, MAX_ALIKE)) {
      const message = `the value has a line break or another character that cannot stand in a header${bad.length > MAX_ALIKE ? `, as in ${bad.length} rows` : ''}`;
      const path = ['service', 'values', 'file'];
      problems.push(problemAt(cellPlace(row, column), path, message, 'keep it on one line, in plain letters'));
    }
  }
  return problems;
}
