import { closeSync, openSync, readSync } from 'node:fs';
import { ERROR_PHASES, LANES } from '../../domain/sample.js';
import { blankRecord, type ForeignRecord } from '../foreign/foreign-record.js';
import { NEWLINE } from '../import/bytes.js';
import { ImportColumns } from '../import/import-columns.js';
import { Jtl } from '../import/jtl.js';

const CHUNK_BYTES = 1 << 20;

/** Follows the JTL of a running JMeter: each call to `read` gives the rows that were added since. */
export class JtlTail {
  readonly #path: string;
  readonly #columns = new ImportColumns();
  #fd: number | null = null;
  #parser: Jtl | null = null;
  #rest: Buffer = Buffer.alloc(0);

  constructor(path: string) {
    this.#path = path;
  }

  /** @throws ImportError for a row that cannot be read. */
  read(take: (record: ForeignRecord) => void): void {
    this.#fd ??= opened(this.#path);
    if (this.#fd === null) return;
    const part = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let got = readSync(this.#fd, part, 0, CHUNK_BYTES, null); got > 0; ) {
      this.#push(Buffer.concat([this.#rest, part.subarray(0, got)]));
      got = readSync(this.#fd, part, 0, CHUNK_BYTES, null);
    }
    for (let row = 0; row < this.#columns.length; row++) take(this.#record(row));
    this.#columns.clear();
  }

  /** Connections that lane reuse kept so far, open or not. */
  get keptConnections(): number {
    return this.#parser?.keptConnections ?? 0;
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }

  #push(bytes: Buffer): void {
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    let from = 0;
    if (end > 0 && this.#parser === null) {
      from = bytes.indexOf(NEWLINE) + 1;
      this.#parser = new Jtl(bytes.toString('utf8', 0, from).trim(), this.#columns);
    }
    const used = this.#parser === null || end <= from ? from : this.#parser.push(bytes, from, end);
    this.#rest = Buffer.from(bytes.subarray(used));
  }

  #record(row: number): ForeignRecord {
    const c = this.#columns;
    const text = (name: keyof ImportColumns['texts']) => c.texts[name].textOf(c[name][row]!) ?? '';
    return {
      ...blankRecord(LANES[c.lane[row]!] ?? 'new', c.scheduledAt[row]!),
      number: c.number[row]!,
      sentAt: c.sentAt[row]!,
      connectedAt: c.connectedAt[row]!,
      firstByteAt: c.firstByteAt[row]!,
      endedAt: c.endedAt[row]!,
      status: c.status[row]!,
      statusText: text('statusText'),
      server: text('server'),
      error: c.texts.error.textOf(c.error[row]!),
      errorPhase: ERROR_PHASES[c.errorPhase[row]!] ?? 'none',
      bodyBytes: c.bodyBytes[row]!,
      bodyOk: c.bodyOk[row] === 0 ? 0 : c.bodyOk[row] === 1 ? 1 : 2,
      target: text('target'),
      version: text('version'),
      bootId: text('bootId'),
      isReused: c.connectionUse[row] === 2,
    };
  }
}

function opened(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch (notYet) {
    void notYet;
    return null;
  }
}
