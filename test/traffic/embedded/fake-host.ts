import type { Socket } from 'node:net';
import type { SampleBatch } from '../../../src/domain/sample.js';
import { arrivalPlan } from '../../../src/traffic/arrivals.js';
import { BatchUnpacker } from '../../../src/traffic/embedded/columns.js';
import type { Connection } from '../../../src/traffic/embedded/connection.js';
import type { GeneratorHost } from '../../../src/traffic/embedded/generator.js';
import { Generator } from '../../../src/traffic/embedded/generator.js';
import type { FromGenerator } from '../../../src/traffic/embedded/messages.js';
import { Schedule } from '../../../src/traffic/embedded/schedule.js';
import type { SocketEvents } from '../../../src/traffic/embedded/sockets.js';
import { Ticks } from '../../../src/traffic/embedded/ticks.js';
import { WHOLE } from '../../../src/traffic/segments.js';
import { rowsOf } from './rows.js';
import { type WorkloadChanges, workload } from './workload.js';

const OK = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Target: a\r\n\r\n');

/** How a peer behaves, and what it saw: answers each request, or refuses the connection, after `answerMs` (Infinity = never). */
export interface FakePeer {
  answerMs: number;
  refuses: boolean;
  /** Connections tried. */
  opened: number;
  /** Requests written to it. */
  readonly requests: { text: string; at: number }[];
}

/**
 * A thread in virtual time: timers fire exactly when due, the service answers each request after `answerMs`
 * (Infinity = never). `freeze` makes the thread not run for a while, as SIGSTOP would.
 */
export class FakeThread {
  time = 0;
  readonly service: FakePeer = { answerMs: 1, refuses: false, opened: 0, requests: [] };
  readonly control: FakePeer = { answerMs: 1, refuses: false, opened: 0, requests: [] };
  controlOpen = false;
  tickerRuns = false;
  scheduled = 0;
  readonly messages: FromGenerator[] = [];
  readonly batches: SampleBatch[] = [];
  readonly generator: Generator;
  #order = 0;
  #calls: { at: number; order: number; call: () => void; own: boolean }[] = [];
  readonly #unpacker = new BatchUnpacker();

  constructor(changes: WorkloadChanges, host: Partial<GeneratorHost> = {}) {
    const parts: GeneratorHost = {
      now: () => this.time,
      after: (ms, call) => this.#at(this.time + ms, call),
      afterInput: (call) => this.#at(this.time, call),
      lookup: () => {},
      cpuMs: () => 0,
      limits: () => ({ ports: { inUse: 3, limit: 100 }, files: null }),
      block: (ms) => {
        this.time += ms;
      },
      ticker: (work, start, tick) => {
        const ticks = new Ticks(new Schedule(arrivalPlan(work.traffic), work.segment ?? WHOLE, start));
        const next = () => {
          if (!this.tickerRuns) return;
          tick();
          this.#at(ticks.after(this.time), next);
        };
        this.#at(ticks.after(this.time), next);
        this.tickerRuns = true;
        return () => {
          this.tickerRuns = false;
        };
      },
      opener: (events) => (connection) => this.#open(events, connection, this.service),
      openH2: null,
      control: {
        listen: (told) => {
          this.controlOpen = true;
          this.#at(this.time, () => told(null, { ip: '127.0.0.1', port: 9, family: 4 }));
        },
        opener: (events) => (connection) => this.#open(events, connection, this.control),
        close: () => {
          this.controlOpen = false;
        },
      },
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

  set answerMs(ms: number) {
    this.service.answerMs = ms;
  }
  /** What was sent for an arrival; what is asked again after a failure carries no number. */
  get sent(): number {
    return this.service.requests.filter(({ text }) => text.includes('X-Rollproof-Seq: ')).length;
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

  /** Nothing runs for `ms`; the control target, being on this thread, stands still as well. */
  freeze(ms: number): this {
    this.time += ms;
    for (const call of this.#calls) if (call.own) call.at += ms;
    return this;
  }

  #at(at: number, call: () => void, own = false): void {
    this.#calls.push({ at, order: this.#order++, call, own });
  }

  #open(events: SocketEvents, connection: Connection, peer: FakePeer): Socket {
    const later = (call: () => void) => {
      if (peer.answerMs < Number.POSITIVE_INFINITY) this.#at(this.time + peer.answerMs, call, peer === this.control);
    };
    const socket = {
      writable: true,
      writableLength: 0,
      localPort: 1234,
      write: (text: string) => {
        peer.requests.push({ text, at: this.time });
        later(() => events.data(connection, OK, OK.length));
        return true;
      },
      destroy: () => {
        socket.writable = false;
      },
    };
    peer.opened++;
    const refusal = Object.assign(new Error('refused'), { code: 'ECONNREFUSED', syscall: 'connect' });
    if (peer.refuses) later(() => events.failed(connection, refusal));
    else this.#at(this.time, () => events.connected(connection));
    return socket as unknown as Socket;
  }
}
