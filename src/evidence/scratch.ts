import type { SampleTable } from '../domain/sample.js';

// One for each table: freed memory is taken back late, and a column for each question would stand beside the others.
const CODES = new WeakMap<SampleTable, Int16Array>();

/**
 * Room for a small whole number a row, for whoever needs one for a moment. What it holds is gone as soon as anybody else asks for
 * it: be done with it before anything else is asked of the table.
 */
export function codeScratchOf(table: SampleTable): Int16Array {
  let codes = CODES.get(table);
  if (codes === undefined) {
    codes = new Int16Array(table.length);
    CODES.set(table, codes);
  }
  return codes;
}
