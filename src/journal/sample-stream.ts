import { closeSync, openSync } from 'node:fs';
import { Message, type Schema } from 'apache-arrow';
import { RollproofError } from '../domain/errors.js';
import type { SampleStreamFacts } from '../domain/sample.js';
import { type ArrowMessage, messagesOf } from './arrow-messages.js';
import { HEADER } from './message-guard.js';
import { type ColumnLayout, dictionaryOf, layoutOf, type RecordBlock, recordBlock } from './record-block.js';
import { METADATA, REQUEST_COLUMN, SAMPLE_SCHEMA_VERSION, sampleSchema, WORD_COLUMNS } from './sample-schema.js';

/** Called for every whole batch of a stream, in its order; the batch is gone when it returns. */
export type TakeBlock = (source: string, block: RecordBlock) => void;

/**
 * Reads one `.arrows` file. Truncation at any byte and garbage give fewer batches and `complete: false`, never an
 * error; only an unreadable file (RUN_DIRECTORY_INVALID) and a newer schema (FACTS_FROM_THE_FUTURE) throw.
 * `fallbackSource` names the stream when not even its schema can be read. Batches are handed over one by one and not kept.
 */
export function readStream(file: string, fallbackSource: string, take: TakeBlock): SampleStreamFacts {
  const fd = opened(file);
  try {
    const messages = messagesOf(fd);
    let stream: Stream | null = null;
    for (const message of messages) {
      if (stream === null) stream = streamOf(message, fallbackSource, file);
      else if (!stream.accept(message, take)) return { source: stream.source, rows: stream.rows, complete: false };
      if (stream === null) break;
    }
    const { source, rows, isOurs } = stream ?? { source: fallbackSource, rows: 0, isOurs: false };
    return { source, rows, complete: isOurs && messages.ended() };
  } finally {
    closeSync(fd);
  }
}

/** What follows a schema. */
class Stream {
  rows = 0;
  private readonly dictionaries = new Map<number, readonly string[]>();

  constructor(
    readonly source: string,
    private readonly layout: readonly ColumnLayout[] | null,
  ) {}

  get isOurs(): boolean {
    return this.layout !== null;
  }

  /** False where the stream ends for us: whatever is not a dictionary or a batch of ours. */
  accept(message: ArrowMessage, take: TakeBlock): boolean {
    const found = withinBounds(() => this.decoded(message));
    if (found === null) return false;
    if (found === 'dictionary') return true;
    if (found.rows > 0) take(this.source, found);
    this.rows += found.rows;
    return true;
  }

  private decoded(message: ArrowMessage): RecordBlock | 'dictionary' | null {
    if (this.layout === null) return null;
    if (message.type === HEADER.dictionary) return this.learn(message) ? 'dictionary' : null;
    if (message.type !== HEADER.batch) return null;
    const block = recordBlock(message, this.layout, this.dictionaries);
    return block !== null && hasOurWords(block) ? block : null;
  }

  private learn(message: ArrowMessage): boolean {
    const dictionary = dictionaryOf(message);
    if (dictionary === null) return false;
    const { id, words, isDelta } = dictionary;
    this.dictionaries.set(id, isDelta ? [...(this.dictionaries.get(id) ?? []), ...words] : words);
    return true;
  }
}

/** Null where decoding asks for something outside the message. */
function withinBounds<T>(decode: () => T): T | null {
  try {
    return decode();
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Null when the first message is no schema. */
function streamOf({ type, metadata }: ArrowMessage, fallback: string, file: string): Stream | null {
  if (type !== HEADER.schema) return null;
  const schema = decodedSchema(metadata);
  if (schema === null) return null;
  return new Stream(sourceOf(schema, fallback, file), hasOurColumns(schema) ? layoutOf(schema) : null);
}

function decodedSchema(metadata: Buffer): Schema | null {
  try {
    return Message.decode(metadata).header() as Schema;
  } catch (error) {
    // Flatbuffers throw whatever an out-of-range offset leads to; garbage is an end, not an error.
    void error;
    return null;
  }
}

function opened(file: string): number {
  try {
    return openSync(file, 'r');
  } catch (cause) {
    throw new RollproofError('RUN_DIRECTORY_INVALID', `cannot read ${file}`, { cause, hint: 'Check its permissions.' });
  }
}

function sourceOf(schema: Schema, fallback: string, file: string): string {
  const version = Number(schema.metadata.get(METADATA.version) ?? Number.NaN);
  if (version > SAMPLE_SCHEMA_VERSION) {
    throw new RollproofError(
      'FACTS_FROM_THE_FUTURE',
      `${file} has sample schema version ${version}, this rollproof reads up to ${SAMPLE_SCHEMA_VERSION}`,
      { hint: 'Update rollproof, or use the version that made the run.' },
    );
  }
  return schema.metadata.get(METADATA.source) ?? fallback;
}

function hasOurColumns(schema: Schema): boolean {
  const found = new Map(schema.fields.map((field) => [field.name, String(field.type)]));
  const expected = sampleSchema('', found.has(REQUEST_COLUMN)).fields;
  return expected.every((field) => found.get(field.name) === String(field.type));
}

/** The values of a closed list must be ours. */
function hasOurWords({ columns }: RecordBlock): boolean {
  return WORD_COLUMNS.every(([name, words]) =>
    (columns.get(name)?.words ?? []).every((word) => (words as readonly string[]).includes(word)),
  );
}
