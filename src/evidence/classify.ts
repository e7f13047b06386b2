import { ENGINE_ERRORS, ERROR_PHASES, LANES, type SampleTable } from '../domain/sample.js';
import { type ClassifyRules, classifyOutcome, codesOf, isBalancerSigned } from './classify-outcome.js';
import type { RuleOfRow } from './request-rules.js';
import { codeScratchOf } from './scratch.js';

export { type Classified, type ClassifyRules, classifyOutcome, type RawOutcome } from './classify-outcome.js';

/** The judgement of every row of a table, one array per column; see `Classified` for the meanings. */
export interface ClassColumns {
  /** Index into SAMPLE_CLASSES. */
  readonly class: Uint8Array;
  /** Index into ORIGINS. */
  readonly origin: Uint8Array;
  readonly admissible: Uint8Array;
  readonly failed: Uint8Array;
  readonly forgeable: Uint8Array;
}

/** What a row's times say before its contents are looked at. */
const NEVER_SENT = 0;
const NEVER_ENDED = 1;
const ENDED = 2;

const BODY_BROKEN = 0;
const BODY_UNCHECKED = 2;

/** How a table is judged: by one rule, or by that of each row's request. */
export interface TableRules extends ClassifyRules {
  readonly ofRow?: RuleOfRow;
}

/** Bit fields of a row's key, from the lowest: everything its judgement depends on, and nothing else. */
const STATUS_LIMIT = 1024;
const LONG = LANES.indexOf('long');

/**
 * Rows repeat a handful of combinations (error, phase, status, who signed it, stamped or not): each row's, by number,
 * and a row that has it. They depend on the table alone, so that it can be judged by more than one set of rules. The numbers
 * stand in the table's scratch.
 */
export interface RowKinds {
  readonly kind: Uint16Array | Uint32Array;
  readonly examples: readonly { readonly row: number; readonly signed: boolean }[];
}

/** The combinations of a whole table: linear, without garbage per row. */
export function rowKinds(table: SampleTable): RowKinds {
  let kind: Uint16Array | Uint32Array = new Uint16Array(codeScratchOf(table).buffer);
  const examples: { row: number; signed: boolean }[] = [];
  const signedText = signatures(table.statusText.values, (value) => isBalancerSigned(value, null));
  const signedServer = signatures(table.server.values, (value) => isBalancerSigned(null, value));
  const known = new Map<number, number>();
  let lastKey = -1;
  let number = 0;
  for (let row = 0; row < table.length; row++) {
    const signed = signedText[table.statusText.codes.at(row)]! | signedServer[table.server.codes.at(row)]!;
    const key = rowKey(table, row, signed);
    if (key !== lastKey) {
      number = known.get(key) ?? examples.length;
      if (number === examples.length) {
        examples.push({ row, signed: signed === 1 });
        known.set(key, number);
        if (number > 0xffff && kind instanceof Uint16Array) kind = new Uint32Array(kind);
      }
      lastKey = key;
    }
    kind[row] = number;
  }
  return { kind, examples };
}

/** The class of each kind of row under these rules, as an index into SAMPLE_CLASSES. */
export function classesOfKinds(table: SampleTable, kinds: RowKinds, rules: TableRules): Uint8Array {
  return Uint8Array.from(judgedKinds(table, kinds, rules), (packed) => packed & 0xff);
}

/** Classifies a whole table: each kind of row is judged once and looked up after that. */
export function classifySamples(
  table: SampleTable,
  rules: TableRules,
  kinds: RowKinds = rowKinds(table),
): ClassColumns {
  const columns: ClassColumns = {
    class: new Uint8Array(table.length),
    origin: new Uint8Array(table.length),
    admissible: new Uint8Array(table.length),
    failed: new Uint8Array(table.length),
    forgeable: new Uint8Array(table.length),
  };
  const judged = judgedKinds(table, kinds, rules);
  const plain = 1 << 16;
  for (let row = 0; row < table.length; row++) {
    const packed = judged[kinds.kind[row]!]!;
    columns.admissible[row] = (packed >> 16) & 1;
    // All is 0 of nearly every row, and memory that is not written to is not taken.
    if (packed === plain) continue;
    columns.class[row] = packed & 0xff;
    columns.origin[row] = (packed >> 8) & 0xff;
    columns.failed[row] = (packed >> 17) & 1;
    columns.forgeable[row] = (packed >> 18) & 1;
  }
  return columns;
}

function judgedKinds(table: SampleTable, kinds: RowKinds, rules: TableRules): Uint32Array {
  return Uint32Array.from(kinds.examples, ({ row, signed }) => judgeRow(table, row, signed, rules));
}

function signatures(values: readonly (string | null)[], isSigned: (value: string | null) => boolean): Uint8Array {
  return Uint8Array.from(values, (value) => (isSigned(value) ? 1 : 0));
}

function lifeOf(table: SampleTable, row: number): number {
  if (Number.isNaN(table.sentAt.at(row))) return NEVER_SENT;
  return Number.isNaN(table.endedAt.at(row)) ? NEVER_ENDED : ENDED;
}

function isStamped(table: SampleTable, row: number): boolean {
  return (table.target.values[table.target.codes.at(row)] ?? null) !== null;
}

/**
 * error · life 2 · body 2 · stamp 1 · signed 1 · phase 3 · status 10 bits: at most 35 bits. With several requests which of
 * them, and whether it is of lane long: 17 bits more, exact in a double.
 */
function rowKey(table: SampleTable, row: number, signed: number): number {
  const small =
    (lifeOf(table, row) << 17) |
    (Math.min(3, table.bodyOk.at(row)) << 15) |
    ((isStamped(table, row) ? 1 : 0) << 14) |
    (signed << 13) |
    ((table.errorPhase.at(row) & 7) << 10) |
    Math.min(STATUS_LIMIT - 1, table.status.at(row));
  const key = table.error.codes.at(row) * 2 ** 19 + small;
  if (table.request === undefined) return key;
  return (table.request.codes.at(row) * 2 + (table.lane.at(row) === LONG ? 1 : 0)) * 2 ** 35 + key;
}

/**
 * The error a row stands for. A row without times and without an error says by that what became of it: it was never
 * sent, or was still in flight when the run stopped. Neither is a measurement.
 */
function errorOf(table: SampleTable, row: number): string | null {
  const error = table.error.values[table.error.codes.at(row)] ?? null;
  if (error !== null) return error;
  const life = lifeOf(table, row);
  if (life === NEVER_SENT) return ENGINE_ERRORS.dropped;
  return life === NEVER_ENDED ? ENGINE_ERRORS.aborted : null;
}

function judgeRow(table: SampleTable, row: number, signed: boolean, rules: TableRules): number {
  const bodyOk = table.bodyOk.at(row);
  const status = table.status.at(row);
  const outcome = classifyOutcome(
    {
      code: errorOf(table, row),
      phase: ERROR_PHASES[table.errorPhase.at(row)] ?? 'none',
      status: status === 0 ? null : status,
      statusText: signed ? 'BAD_GATEWAY' : null,
      server: null,
      // The code and the phase say where a response was cut; without an error it was read whole.
      complete: true,
      bodyOk: bodyOk >= BODY_UNCHECKED ? null : bodyOk !== BODY_BROKEN,
      target: isStamped(table, row) ? 'stamped' : null,
    },
    rules.ofRow === undefined ? rules : { ...rules, ...rules.ofRow(table, row) },
  );
  const codes = codesOf(outcome);
  return (
    codes.class |
    (codes.origin << 8) |
    ((outcome.admissible ? 1 : 0) << 16) |
    ((outcome.failed ? 1 : 0) << 17) |
    ((outcome.forgeable ? 1 : 0) << 18)
  );
}
