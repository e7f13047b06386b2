import type { DictionaryColumn, SampleTable } from '../../src/domain/sample.js';
import { sampleTable } from '../../src/domain/sample-table.js';
import { ANSWER_CODES, type AnswerKind, ERRORS, STATUS_TEXTS } from './answers.js';
import type { Connection } from './connections.js';

/** One arrival as it went; `target` −1 = nobody answered. */
export interface Arrival {
  readonly seq: number;
  readonly lane: number;
  readonly scheduledAt: number;
  readonly sentAt: number;
  readonly endedAt: number;
  readonly answer: AnswerKind;
  readonly target: number;
  readonly isNew: boolean;
  readonly node: number;
  readonly connection: Connection;
}

export interface ColumnOptions {
  readonly capacity: number;
  readonly targetIds: readonly string[];
  readonly versions: readonly [old: string, current: string];
  /** The old and the new process differ by their boot id; without, no response says one. */
  readonly boots: 'change' | 'same' | 'none';
  readonly nodes: number;
}

/** Sample columns filled in place: a run costs a few ms and no garbage per row. Rows come in the order they were due. */
export class SampleColumns {
  length = 0;
  readonly sentAt: Float64Array;
  readonly endedAt: Float64Array;
  readonly scheduledAt: Float64Array;
  readonly #options: ColumnOptions;
  readonly #small: Record<'lane' | 'errorPhase', Uint8Array>;
  readonly #codes: Record<'status' | 'text' | 'error' | 'target' | 'version' | 'boot' | 'node', Uint16Array>;
  readonly #long: Record<'seq' | 'use' | 'connection', Uint32Array>;

  constructor(options: ColumnOptions) {
    const n = options.capacity;
    this.#options = options;
    this.scheduledAt = new Float64Array(n);
    this.sentAt = new Float64Array(n);
    this.endedAt = new Float64Array(n);
    this.#small = { lane: new Uint8Array(n), errorPhase: new Uint8Array(n) };
    const codes = () => new Uint16Array(n);
    this.#codes = {
      status: codes(),
      text: codes(),
      error: codes(),
      target: codes(),
      version: codes(),
      boot: codes(),
      node: codes(),
    };
    this.#long = { seq: new Uint32Array(n), use: new Uint32Array(n), connection: new Uint32Array(n) };
  }

  add(arrival: Arrival): void {
    const row = this.length++;
    this.scheduledAt[row] = arrival.scheduledAt;
    this.sentAt[row] = arrival.sentAt;
    this.endedAt[row] = arrival.endedAt;
    this.#long.seq[row] = arrival.seq;
    this.#long.use[row] = arrival.connection.use;
    this.#long.connection[row] = arrival.connection.id;
    this.#small.lane[row] = arrival.lane;
    this.#codes.node[row] = arrival.node + 1;
    this.#answer(row, arrival.answer, arrival.target, arrival.isNew);
  }

  /** Makes a row say that nothing was measured. */
  forget(row: number, how: 'dropped' | 'client' | 'dns'): void {
    if (how === 'dropped') {
      this.sentAt[row] = Number.NaN;
      this.endedAt[row] = Number.NaN;
    }
    this.#answer(row, how, -1, false);
  }

  /** Makes a row end in the generator's own timeout. */
  timeOut(row: number, endedAt: number): void {
    this.endedAt[row] = endedAt;
    this.#answer(row, 'timeout', -1, false);
  }

  #answer(row: number, kind: AnswerKind, target: number, isNew: boolean): void {
    const codes = ANSWER_CODES[kind];
    const stamp = codes.isStamped ? target + 1 : 0;
    const { boots, targetIds } = this.#options;
    this.#small.errorPhase[row] = codes.phase;
    this.#codes.status[row] = codes.status;
    this.#codes.text[row] = codes.text;
    this.#codes.error[row] = codes.error;
    this.#codes.target[row] = stamp;
    this.#codes.version[row] = stamp === 0 ? 0 : isNew ? 2 : 1;
    this.#codes.boot[row] =
      stamp === 0 || boots === 'none' ? 0 : stamp + (isNew && boots === 'change' ? targetIds.length : 0);
  }

  /** The rows without those left out, as a reader gives them. */
  table(leftOut: ReadonlySet<number>): SampleTable {
    const rows = Uint32Array.from({ length: this.length }, (_, row) => row).filter((row) => !leftOut.has(row));
    const n = rows.length;
    const pick = <T extends Float64Array | Uint32Array | Uint16Array | Uint8Array>(column: T): T => {
      const picked = column.slice(0, n) as T;
      for (let i = 0; i < n; i++) picked[i] = column[rows[i]!]!;
      return picked;
    };
    const words = (codes: Uint16Array, values: readonly (string | null)[]): DictionaryColumn => ({
      codes: pick(codes),
      values,
    });
    const { targetIds, versions, nodes } = this.#options;
    const { target, version, boot, node, status, text, error } = this.#codes;
    const boots = [1, 2].flatMap((turn) => targetIds.map((id) => `${id}-${turn}`));
    const ips = Array.from({ length: nodes }, (_, i) => `10.0.0.${i + 1}`);
    const sentAt = pick(this.sentAt);
    const endedAt = pick(this.endedAt);
    const batch = {
      length: n,
      seq: pick(this.#long.seq),
      lane: pick(this.#small.lane),
      scheduledAt: pick(this.scheduledAt),
      sentAt,
      connectedAt: sentAt.map((at) => at + 0.2),
      firstByteAt: endedAt,
      endedAt,
      status: pick(status),
      statusText: words(text, STATUS_TEXTS),
      server: { codes: new Uint16Array(n), values: [null] },
      error: words(error, ERRORS),
      errorPhase: pick(this.#small.errorPhase),
      bodyBytes: new Uint32Array(n),
      bodyOk: new Uint8Array(n).fill(2),
      target: words(target, [null, ...targetIds]),
      version: words(version, [null, ...versions]),
      bootId: words(boot, [null, ...boots]),
      remoteIp: words(node, [null, ...ips]),
      localPort: new Uint16Array(n),
      connectionId: pick(this.#long.connection),
      connectionUse: pick(this.#long.use),
    };
    return sampleTable(batch, { codes: new Uint16Array(n).fill(1), values: [null, 'node'] });
  }
}
