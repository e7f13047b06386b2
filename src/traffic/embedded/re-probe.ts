import { ENGINE_ERRORS, ERROR_PHASES } from '../../domain/sample.js';
import type { Service } from '../../domain/scenario.js';
import type { Instant } from '../../domain/time.js';
import type { ReProbeEvent } from '../../domain/traffic-event.js';
import { LANE_CODE } from '../arrivals.js';
import type { Address } from './address-book.js';
import { HttpClient } from './client.js';
import { SampleColumns } from './columns.js';
import type { ClientRequest, Connection } from './connection.js';
import { blankRow } from './recorder.js';
import type { RequestTemplate } from './request.js';
import { headFormat } from './response-head.js';
import type { OpenSocket, SocketEvents } from './sockets.js';

/** One request asked again on a new connection: the `re-probe` event but for its source. */
export type ReProbeFigures = Omit<ReProbeEvent, 'kind' | 'source'>;

/** What re-probes are made with. */
export interface ReProbeParts {
  readonly now: () => Instant;
  readonly alive: (now: Instant) => void;
  readonly template: RequestTemplate;
  readonly requests: readonly ClientRequest[];
  readonly service: Service;
  readonly timeoutMs: number;
  readonly secure: boolean;
  readonly opener: (events: SocketEvents) => OpenSocket;
  readonly tell: (figures: ReProbeFigures) => void;
}

/** At most so many a second and at once: a dead node must not be asked as often as everything on it fails. */
const SPACING_MS = 100;
const MAX_IN_FLIGHT = 10;
const SAFE = /^(GET|HEAD|OPTIONS)$/i;
/** The server's exactly-once audit must not take a question asked on purpose for a request delivered twice. */
const RUN_LINE = /\r\nX-Rollproof-Run: [^\r]*/;
const SEQ_NAME = /\r\nX-Rollproof-Seq: /;

interface Asked {
  readonly seq: number;
  readonly kind: number;
  readonly address: Address;
  readonly failure: string;
  readonly failedAt: Instant;
}

/**
 * After a failure on a kept connection asks the same once more on a new connection to the same address: does that work at
 * once, only the connection was broken; does it fail too, it is more. Never an arrival, never in the samples; not every
 * failure is asked after, see the limits above.
 */
export class ReProbe {
  readonly #parts: ReProbeParts;
  readonly #client: HttpClient;
  readonly #row = blankRow();
  readonly #dictionaries = new SampleColumns(0).dictionaries;
  /** By kind: only what changes nothing is asked twice. */
  readonly #isSafe: readonly boolean[];
  /** What is under way, by the number of the probe. */
  readonly #asked = new Map<number, Asked>();
  #next = 0;
  #notBefore: Instant = Number.NEGATIVE_INFINITY;
  #current: Asked | null = null;

  constructor(parts: ReProbeParts) {
    this.#parts = parts;
    this.#isSafe = [parts.service, ...(parts.service.requests ?? [])].map(({ method }) => SAFE.test(method));
    this.#client = new HttpClient({
      now: parts.now,
      alive: parts.alive,
      template: { kindOf: () => this.#current!.kind, render: (kind, number) => this.#render(kind, number) },
      requests: parts.requests,
      format: headFormat(parts.service.identity, this.#dictionaries),
      recorder: { row: this.#row, dictionaries: this.#dictionaries, commit: () => this.#told() },
      addresses: { failure: null, pick: () => this.#current!.address },
      timeoutMs: parts.timeoutMs,
      secure: parts.secure,
      opener: parts.opener,
    });
  }

  /** When the oldest one under way times out; Infinity when there is none. */
  get nextDeadline(): Instant {
    return this.#client.nextDeadline;
  }

  /** A request failed on a kept connection. */
  after({ seq, kind, address }: Connection, failure: string, failedAt: Instant): void {
    if (failure === ENGINE_ERRORS.aborted || address === null || !this.#isSafe[kind]) return;
    if (failedAt < this.#notBefore || this.#client.inFlight >= MAX_IN_FLIGHT) return;
    this.#notBefore = failedAt + SPACING_MS;
    const number = this.#next++;
    this.#current = { seq, kind, address, failure, failedAt };
    this.#asked.set(number, this.#current);
    // The address is taken and the socket opened before this returns.
    this.#client.fire(number, LANE_CODE.new, failedAt, 0);
  }

  expire(now: Instant): void {
    this.#client.expire(now);
  }

  /** Closes answered connections their peer had time to close. */
  sweep(): void {
    this.#client.sweep();
  }

  /** Ends it; what is under way is cut and not told. */
  close(now: Instant): void {
    this.#client.abortAll(now);
    this.#client.close();
  }

  #render(kind: number, number: number): string {
    const { seq } = this.#asked.get(number)!;
    // Ours are the first such lines: values cannot hold a line break, and the body comes after them.
    const text = this.#parts.template.render(kind, seq, LANE_CODE.new, 0);
    return text.replace(RUN_LINE, '').replace(SEQ_NAME, '\r\nX-Rollproof-Again: ');
  }

  #told(): void {
    const row = this.#row;
    const d = this.#dictionaries;
    const asked = this.#asked.get(row.seq)!;
    this.#asked.delete(row.seq);
    const error = d.error.textOf(row.error);
    if (error === ENGINE_ERRORS.aborted) return;
    this.#parts.tell({
      at: row.endedAt,
      seq: asked.seq,
      remoteIp: asked.address.ip,
      failedAt: asked.failedAt,
      failure: asked.failure,
      sentAt: row.sentAt,
      endedAt: row.endedAt,
      status: row.status,
      error,
      errorPhase: ERROR_PHASES[row.errorPhase]!,
      bodyOk: row.bodyOk,
      target: d.target.textOf(row.target),
      request: this.#parts.template.kinds[asked.kind]!.name,
    });
  }
}
