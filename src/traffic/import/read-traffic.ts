import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { RollproofError } from '../../domain/errors.js';
import { NEWLINE } from './bytes.js';
import { ImportColumns } from './import-columns.js';
import { ImportError } from './import-error.js';
import { isBareJtlRow, isJtlHeader, Jtl } from './jtl.js';
import { K6Csv } from './k6-csv.js';
import { keptConnectionsProblem } from './kept-connections.js';

/** What a results file holds, and what it cannot say. */
export interface ImportedTraffic {
  readonly format: 'k6-csv' | 'jtl';
  readonly columns: ImportColumns;
  /** Evidence the file does not carry: each is a reason why the traffic cannot end in PASS. */
  readonly missing: readonly string[];
  /** True for the rows of our own probe or plan, which number every arrival. */
  readonly isOurs: boolean;
}

const CHUNK_BYTES = 4 << 20;
const LINE_MAX = 1 << 20;

/**
 * Reads the results another load generator left: k6's CSV (`--out csv`) or JMeter's JTL, plain or gzipped, told apart by
 * the first line. Memory: about 100 bytes a request, whatever the file's size.
 * @throws RollproofError ARGUMENT_INVALID with file and line.
 */
export async function readTraffic(path: string): Promise<ImportedTraffic> {
  const reader = new Reader();
  try {
    if (isGzip(path)) for await (const part of createReadStream(path).pipe(createGunzip())) reader.push(part as Buffer);
    else reader.readAll(path);
    return reader.end();
  } catch (cause) {
    if (cause instanceof RollproofError) throw cause;
    const place = cause instanceof ImportError ? `${path}:${cause.line}` : path;
    throw new RollproofError('ARGUMENT_INVALID', `${place}: ${(cause as Error).message}`, {
      hint: 'Give the file of k6 run --out csv=FILE,timeFormat=unix_nano, or a JMeter JTL in CSV (jmeter -l FILE).',
      cause,
    });
  }
}

function isGzip(path: string): boolean {
  const fd = openSync(path, 'r');
  try {
    const head = Buffer.alloc(2);
    return readSync(fd, head, 0, 2, 0) === 2 && head[0] === 0x1f && head[1] === 0x8b;
  } finally {
    closeSync(fd);
  }
}

/** Cuts the stream into pieces that end with a line and gives them to the parser of the format. */
class Reader {
  readonly #columns = new ImportColumns();
  #parser: K6Csv | Jtl | null = null;
  #rest: Buffer = Buffer.alloc(0);

  /** One buffer for the whole file: what is left of a line goes to its front. */
  readAll(path: string): void {
    const fd = openSync(path, 'r');
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES + LINE_MAX);
    try {
      let kept = 0;
      for (let got = readSync(fd, buffer, kept, CHUNK_BYTES, null); got > 0; ) {
        const filled = kept + got;
        const used = this.#take(buffer, filled);
        kept = filled - used;
        if (kept > LINE_MAX) throw new ImportError((this.#parser?.line ?? 0) + 1, 'the line is longer than 1 MB');
        buffer.copy(buffer, 0, used, filled);
        got = readSync(fd, buffer, kept, CHUNK_BYTES, null);
      }
      this.#rest = Buffer.from(buffer.subarray(0, kept));
    } finally {
      closeSync(fd);
    }
  }

  push(part: Buffer): void {
    const bytes = this.#rest.length === 0 ? part : Buffer.concat([this.#rest, part]);
    this.#rest = Buffer.from(bytes.subarray(this.#take(bytes, bytes.length)));
    if (this.#rest.length > LINE_MAX)
      throw new ImportError((this.#parser?.line ?? 0) + 1, 'the line is longer than 1 MB');
  }

  end(): ImportedTraffic {
    const parser = this.#parser;
    if (parser === null) throw new ImportError(1, 'the file is empty or has no line end');
    const cut = this.#rest.length > 0 ? ['the file ends within a line: it was cut'] : [];
    if (parser instanceof Jtl)
      return { format: 'jtl', columns: this.#columns, ...jtlEvidence(parser, this.#columns, cut) };
    parser.end();
    return { format: 'k6-csv', columns: this.#columns, ...k6Evidence(parser, this.#columns, cut) };
  }

  /** Returns how many bytes were whole lines. */
  #take(bytes: Buffer, length: number): number {
    const end = bytes.lastIndexOf(NEWLINE, length - 1) + 1;
    if (end === 0) return 0;
    if (this.#parser !== null) return this.#parser.push(bytes, 0, end);
    const first = bytes.indexOf(NEWLINE);
    const line = bytes
      .toString('utf8', 0, first)
      .replace(/\r$/, '')
      .replace(/^\ufeff/, '');
    this.#parser = parserFor(line, this.#columns);
    const isRow = this.#parser instanceof Jtl && !isJtlHeader(line);
    return this.#parser.push(bytes, isRow ? 0 : first + 1, end);
  }
}

function parserFor(line: string, columns: ImportColumns): K6Csv | Jtl {
  if (line.startsWith('metric_name,')) return new K6Csv(line, columns);
  if (isJtlHeader(line)) return new Jtl(line, columns);
  if (isBareJtlRow(line)) return new Jtl(null, columns);
  if (line.startsWith('<?xml'))
    throw new ImportError(1, 'an XML JTL: write it as CSV (jmeter.save.saveservice.output_format=csv)');
  if (line.startsWith('{'))
    throw new ImportError(1, 'k6’s JSON output: write it as CSV (k6 run --out csv=FILE,timeFormat=unix_nano)');
  throw new ImportError(1, 'neither k6’s CSV nor a JTL');
}

type EvidenceOf = Pick<ImportedTraffic, 'missing' | 'isOurs'>;
const NO_PLAN =
  'it does not say when arrivals were meant to be sent, nor how many: what was never sent cannot be missed';
const NO_STAMPS = 'it does not say which target and version answered';

function k6Evidence(parser: K6Csv, columns: ImportColumns, cut: readonly string[]): EvidenceOf {
  const isOurs = parser.probes > 0;
  if (isOurs && parser.requests > 0) keepNumbered(columns);
  return {
    isOurs,
    missing: [
      ...cut,
      ...(columns.length === 0 ? ['it holds no requests'] : []),
      ...(isOurs || parser.hasStatus ? [] : ['it has no status tag (k6: --system-tags=status,error_code)']),
      ...(parser.stampMs > 1 ? ['its times are whole seconds (k6: timeFormat=unix_nano)'] : []),
      ...(isOurs
        ? [...lostNumbers(columns), ...unkept(columns, { places: null, isCoarse: false })]
        : [NO_PLAN, NO_STAMPS, 'k6 re-sends GET, HEAD, OPTIONS and TRACE by itself when a kept-alive connection dies']),
    ],
  };
}

function jtlEvidence(parser: Jtl, columns: ImportColumns, cut: readonly string[]): EvidenceOf {
  const isOurs = parser.probes > 0 && parser.probes === parser.requests;
  return {
    isOurs,
    missing: [
      ...cut,
      ...(columns.length === 0 ? ['it holds no requests'] : []),
      ...(isOurs
        ? [...lostNumbers(columns), ...unkept(columns, { places: parser.keptConnections, isCoarse: true })]
        : [NO_PLAN, 'it does not say whether retries were off (httpclient4.retrycount=0)']),
      ...(columns.texts.target.size > 1 && columns.texts.version.size > 1 ? [] : [NO_STAMPS]),
    ],
  };
}

function unkept(...about: Parameters<typeof keptConnectionsProblem>): string[] {
  const problem = keptConnectionsProblem(...about);
  return problem === null ? [] : [problem];
}

/** k6's own samples repeat what our probe says better: those rows go. Drops stay. */
function keepNumbered(columns: ImportColumns): void {
  columns.keep((row) => columns.number[row]! >= 0 || Number.isNaN(columns.sentAt[row]!));
}

/** Numbers below a lane's highest one that are not there. */
function lostNumbers(columns: ImportColumns): string[] {
  const highest = [-1, -1, -1];
  const count = [0, 0, 0];
  for (let row = 0; row < columns.length; row++) {
    const number = columns.number[row]!;
    if (number < 0) continue;
    const lane = columns.lane[row]!;
    count[lane]!++;
    highest[lane] = Math.max(highest[lane]!, number);
  }
  const lost = highest.reduce((sum, top, lane) => sum + Math.max(0, top + 1 - count[lane]!), 0);
  return lost === 0 ? [] : [`${lost} numbered arrivals are missing`];
}
