import { ENGINE_ERRORS } from '../../domain/sample.js';
import type { Instant } from '../../domain/time.js';
import { LANE_CODE } from '../arrivals.js';
import { STREAMS, type UniformAt, uniformStream } from '../random.js';
import type { Address } from './address-book.js';
import { HttpClient } from './client.js';
import { SampleColumns } from './columns.js';
import type { ControlTarget } from './control-target.js';
import type { Pulse } from './pulse.js';
import { blankRow } from './recorder.js';
import type { RequestTemplate } from './request.js';
import { headFormat } from './response-head.js';

/** What became of the probes since the last report; one still under way is in neither count yet. */
export interface ControlFigures {
  readonly at: Instant;
  readonly sent: number;
  readonly failed: number;
}

/** What the prober works with. */
export interface ControlParts {
  readonly now: () => Instant;
  readonly pulse: Pulse;
  readonly target: ControlTarget;
  readonly seed: number;
  /** First slot of the schedule. */
  readonly startAt: Instant;
  /** Told when there is no control target after all. */
  readonly warn: (message: string) => void;
}

/** Mean distance of two probes: 10/s cost well under 1 % of a core. */
const SLOT_MS = 100;
const TIMEOUT_MS = 1000;

const TEMPLATE: Pick<RequestTemplate, 'kindOf' | 'render'> = {
  kindOf: () => 0,
  render: (_kind, seq) => `GET / HTTP/1.1\r\nHost: control\r\nConnection: close\r\nX-Rollproof-Seq: ${seq}\r\n\r\n`,
};

/**
 * Asks a target that nobody deploys, on the same thread, clock and socket code as the lanes, each probe on a fresh
 * connection: when these fail too, the fault is on the client's side (CONTROL_FAILED, verdict.md §2).
 *
 *     slot   |  0  |  1  |  2  |  3  |  4  |     one probe per slot of 100 ms, anywhere in it, sent at the first
 *     probe  |x    |    x|  ░ stall ░|   x |     wake-up after; it asks for no wake-up of its own; slots slept through
 *                                                are skipped, never caught up with
 *
 * A probe counts once its fate is known. Not counted at all, as if never sent: one cut by the end of the traffic, and
 * one whose timeout ran while the thread was recorded as stalled, for then nobody was there to see the answer.
 * Nothing of it reaches the samples. A client that cannot even connect (no port, no descriptor) counts as failed.
 */
export class ControlProbe {
  readonly #parts: ControlParts;
  readonly #client: HttpClient;
  readonly #row = blankRow();
  readonly #dictionaries = new SampleColumns(0).dictionaries;
  readonly #jitter: UniformAt;
  #address: Address | null = null;
  #next = 0;
  #due: Instant;
  #sent = 0;
  #failed = 0;

  constructor(parts: ControlParts) {
    this.#parts = parts;
    this.#jitter = uniformStream(parts.seed, STREAMS.control);
    this.#due = this.#dueOf(0);
    this.#client = new HttpClient({
      now: parts.now,
      alive: parts.pulse.alive,
      template: TEMPLATE,
      requests: [{ code: 0, body: null, headOnly: false }],
      format: headFormat({ target: '', version: '', bootId: null }, this.#dictionaries),
      recorder: { row: this.#row, dictionaries: this.#dictionaries, commit: () => this.#count() },
      addresses: { failure: null, pick: () => this.#address },
      timeoutMs: TIMEOUT_MS,
      secure: false,
      opener: parts.target.opener,
    });
  }

  /** When the oldest probe under way times out; Infinity when there is none. */
  get nextDeadline(): Instant {
    return this.#client.nextDeadline;
  }

  /** Opens the control target; there are no probes before it listens, and none at all when it cannot. */
  start(): void {
    this.#parts.target.listen((error, address) => {
      this.#address = address;
      if (error !== null)
        this.#parts.warn(`no control target: the traffic thread cannot listen on loopback (${error})`);
    });
  }

  /** Sends the probe that is due, at most one; costs a comparison when none is. */
  probe(now: Instant): void {
    if (now < this.#due) return;
    if (this.#address !== null) this.#client.fire(this.#next, LANE_CODE.new, this.#due, 0);
    this.#next = Math.max(this.#next + 1, Math.floor((now - this.#parts.startAt) / SLOT_MS));
    this.#due = this.#dueOf(this.#next);
  }

  /** Ends probes whose timer ran out; to be called after pending input was handled and the pulse was told. */
  expire(now: Instant): void {
    this.#client.expire(now);
  }

  /** The counts since the last call; null when there is no control target. */
  take(now: Instant): ControlFigures | null {
    this.#client.sweep();
    if (this.#address === null) return null;
    const figures = { at: now, sent: this.#sent, failed: this.#failed };
    this.#sent = 0;
    this.#failed = 0;
    return figures;
  }

  /** Ends it; what is under way is cut and not counted. */
  close(now: Instant): void {
    this.#client.abortAll(now);
    this.#client.close();
    this.#parts.target.close();
  }

  #dueOf(slot: number): Instant {
    return this.#parts.startAt + (slot + this.#jitter(slot)) * SLOT_MS;
  }

  #count(): void {
    const { error, status, sentAt } = this.#row;
    const code = this.#dictionaries.error.textOf(error);
    if (code === ENGINE_ERRORS.aborted) return;
    if (code === ENGINE_ERRORS.timeout && this.#parts.pulse.lastStallEnd > sentAt) return;
    this.#sent++;
    if (code !== null || status !== 200) this.#failed++;
  }
}
