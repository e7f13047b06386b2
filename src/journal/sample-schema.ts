import { Dictionary, Field, Float64, Schema, Uint8, Uint16, Uint32, Utf8 } from 'apache-arrow';
import { ERROR_PHASES, LANES } from '../domain/sample.js';

/**
 * Newest version of the columns below; a reader refuses a larger one. Version 2 adds `request`, and only a stream that has
 * it says 2: who does not know the column would judge every request by the same rule.
 */
export const SAMPLE_SCHEMA_VERSION = 2;
/** Keys of the Arrow schema metadata. */
export const METADATA = { version: 'rollproof.samples', source: 'rollproof.source' } as const;

/** Nullable offsets in µs from `scheduledAt` (u32: up to 71 min; earlier than scheduled is stored as 0). */
export const TIME_COLUMNS = [
  ['sentAfterUs', 'sentAt'],
  ['connectedAfterUs', 'connectedAt'],
  ['firstByteAfterUs', 'firstByteAt'],
  ['endedAfterUs', 'endedAt'],
] as const;

/** Plain numbers, same name in the file and in a SampleBatch. */
export const NUMBER_COLUMNS = ['status', 'bodyBytes', 'bodyOk', 'localPort', 'connectionId', 'connectionUse'] as const;

/** Untrusted text, nullable, dictionary-encoded. */
export const TEXT_COLUMNS = ['statusText', 'server', 'error', 'target', 'version', 'bootId', 'remoteIp'] as const;

/** Which of the scenario's requests it was: there only where there are several. */
export const REQUEST_COLUMN = 'request';

/** Closed lists: the word is in the file, its index in a SampleBatch. */
export const WORD_COLUMNS = [
  ['lane', LANES],
  ['errorPhase', ERROR_PHASES],
] as const;

export type NumberColumn = (typeof NUMBER_COLUMNS)[number];
export type TextColumn = (typeof TEXT_COLUMNS)[number];

const WIDTHS: Readonly<Record<NumberColumn, () => Uint8 | Uint16 | Uint32>> = {
  status: () => new Uint16(),
  bodyBytes: () => new Uint32(),
  bodyOk: () => new Uint8(),
  localPort: () => new Uint16(),
  connectionId: () => new Uint32(),
  connectionUse: () => new Uint32(),
};

/**
 * The Arrow schema of `samples/<source>.arrows`: one row per scheduled arrival.
 *
 *     seq u32 · lane word · scheduledAt f64 (ms since the run's origin) · four nullable u32 offsets in µs
 *     status u16 · bodyBytes u32 · bodyOk u8 (0 no, 1 yes, 2 not checked) · localPort u16 · connectionId u32
 *     connectionUse u32 · errorPhase word · seven nullable texts · with several requests the nullable text `request`
 */
export function sampleSchema(source: string, hasRequests: boolean): Schema {
  let id = 0;
  const word = (name: string): Field => new Field(name, new Dictionary(new Utf8(), new Uint8(), id++), false);
  const text = (name: string): Field => new Field(name, new Dictionary(new Utf8(), new Uint16(), id++), true);
  const fields = [
    new Field('seq', new Uint32(), false),
    ...WORD_COLUMNS.map(([name]) => word(name)),
    new Field('scheduledAt', new Float64(), false),
    ...TIME_COLUMNS.map(([name]) => new Field(name, new Uint32(), true)),
    ...NUMBER_COLUMNS.map((name) => new Field(name, WIDTHS[name](), false)),
    ...TEXT_COLUMNS.map(text),
    ...(hasRequests ? [text(REQUEST_COLUMN)] : []),
  ];
  return new Schema(
    fields,
    new Map([
      [METADATA.version, hasRequests ? '2' : '1'],
      [METADATA.source, source],
    ]),
  );
}
