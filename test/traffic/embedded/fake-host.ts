import type { Socket } from 'node:net';
import type { SampleBatch } from '../../../src/domain/sample.js';
import { BatchUnpacker } from '../../../src/traffic/embedded/columns.js';
import type { Connection } from '../../../src/traffic/embedded/connection.js';
import type { GeneratorHost } from '../../../src/traffic/embedded/generator.js';
import { Generator } from '../../../src/traffic/embedded/generator.js';
import type { FromGenerator } from '../../../src/traffic/embedded/messages.js';
import type { SocketEvents } from '../../../src/traffic/embedded/sockets.js';
import { rowsOf } from './rows.js';
import { type WorkloadChanges, workload } from './workload.js';

const OK = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Target: a\r\n\r\n');

/**
 * A thread in virtual time: timers fire exactly when due, a peer answers each request after `answerMs`
 * (Infinity = never). `freeze` makes the thread not run for a while, as SIGSTOP would.
 */
export class FakeThread {
  time = 0;
  answerMs = 1;
  sent = 0;
  scheduled = 0;
  readonly messages: FromGenerator[] = [];
  readonly batches: SampleBatch[] = [];
  readonly generator: Generator;
  #order = 0;
  #calls: { at: number; order: number; call: () => void }[] = [];
  readonly #unpacker = new BatchUnpacker();

  constructor(changes: WorkloadChanges, host: Partial<GeneratorHost> = {}) {
    const parts: GeneratorHost = {
      now: () => this.time,
      after: (ms, call) => this.#at(this.time + ms, call),
      afterInput: (call) => this.#at(this.time, call),
      lookup: () => {},
      cpuMs: () => 0,
      block: (ms) => {
        this.time += ms;
      },
      opener: (events) => (connection) => this.#open(events, connection),
      scheduled: (arrivals) => {
        this.scheduled = arrivals;
      },
      ...host,
    };
    this.generator = new Generator(workload(changes), parts, (message) => {
      this.messages.push(message);
      if (message.kind === 'batch') this.batches.push(this.#unpacker.unpack(message.batch));
    });
    this.generator.start();
  }

  get rows() {
    return rowsOf(this.batches);
  }
  get end(): number | null {
    const last = this.messages.at(-1);
    return last?.kind === 'end' ? last.scheduled : null;
  }

  /** Runs until the end message or `until`. */
  run(until = Number.POSITIVE_INFINITY): this {
    while (this.end === null && this.#calls.length > 0) {
      this.#calls.sort((a, b) => a.at - b.at || a.order - b.order);
      if (this.#calls[0]!.at > until) break;
      const next = this.#calls.shift()!;
      this.time = Math.max(this.time, next.at);
      next.call();
    }
    return this;
  }

  /** Nothing runs for `ms`. */
  freeze(ms: number): this {
    this.time += ms;
    return this;
  }

  #at(at: number, call: () => void): void {
    this.#calls.push({ at, order: this.#order++, call });
  }

  #open(events: SocketEvents, connection: Connection): Socket {
    const socket = {
      writable: true,
      writableLength: 0,
      localPort: 1234,
      write: () => {
        this.sent++;
        if (this.answerMs < Number.POSITIVE_INFINITY)
          this.#at(this.time + this.answerMs, () => events.data(connection, OK, OK.length));
        return true;
      },
      destroy: () => {
        socket.writable = false;
      },
    };
    this.#at(this.time, () => events.connected(connection));
    return socket as unknown as Socket;
  }
}
