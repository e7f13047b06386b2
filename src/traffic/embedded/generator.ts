import type { GeneratorLimits } from '../../domain/event.js';
import type { Workload } from '../../domain/ports.js';
import type { Instant } from '../../domain/time.js';
import { type ArrivalPlan, arrivalPlan, inFlightCap } from '../arrivals.js';
import { STREAMS, uniformStream } from '../random.js';
import { segmentCap, WHOLE } from '../segments.js';
import { AddressBook, type Lookup } from './address-book.js';
import { clientRequests } from './client-requests.js';
import { ControlProbe } from './control-probe.js';
import type { ControlTarget } from './control-target.js';
import { LaneClients } from './lane-clients.js';
import type { FromGenerator } from './messages.js';
import { Pulse } from './pulse.js';
import { ReProbe, type ReProbeFigures } from './re-probe.js';
import { Recorder } from './recorder.js';
import { requestTemplate, serviceUrl } from './request.js';
import { headFormat } from './response-head.js';
import { Schedule } from './schedule.js';
import type { OpenH2Socket, OpenSocket, SocketEvents } from './sockets.js';
import { Tally } from './tally.js';

/** The thread a generator runs on: time, timers, the resolver, its CPU. */
export interface GeneratorHost {
  /** Monotonic ms since the run's origin. */
  readonly now: () => Instant;
  readonly after: (ms: number, call: () => void) => void;
  /** Calls after pending socket events were handled. */
  readonly afterInput: (call: () => void) => void;
  readonly lookup: Lookup;
  /** CPU time of this thread so far, ms. */
  readonly cpuMs: () => number;
  readonly limits: () => GeneratorLimits;
  /** Does nothing useful for that long, without letting the thread go (self-test). */
  readonly block: (ms: number) => void;
  /** Precise mode: calls `tick` when arrivals are due (see Ticks), until the returned function is called. */
  readonly ticker: (workload: Workload, start: Instant, tick: () => void) => () => void;
  readonly opener: (events: SocketEvents) => OpenSocket;
  /** For lane h2; null = the service is not https. */
  readonly openH2: OpenH2Socket | null;
  readonly control: ControlTarget;
  /** Told how many arrivals came due, at every wake-up that had one: readable even if the thread then dies. */
  readonly scheduled: (arrivals: number) => void;
}

const HEARTBEAT_MS = 20;
/** With a ticker the timer is only the net below it: arrivals of a tick that never came wait so long, on record. */
const TICKER_GRACE_MS = 4;
const FLUSH_MS = 250;
const HEALTH_MS = 1000;
/**
 * Arrivals overdue by more are not fired: the burst after a stall would test something nobody asked for. Just below the
 * stall gate (250 ms), so that a hiccup the verdict tolerates leaves late rows on record, not holes.
 */
const OVERDUE_MS = 200;

/**
 * Fires the arrivals of a workload when they are due and writes each of them down, sent or not.
 *
 *     due:      | | |  | | |  | | | |        wake-up: fire what is due, oldest first
 *     wakes:    ^ ^ ^         ^     ^        after a pause: overdue ≤ 200 ms is fired late, its lateness on record;
 *                    └ stall ─┘              overdue > 200 ms becomes a ROLLPROOF_DROPPED row, never a burst
 *
 * Input that arrives between two wake-ups is a chance to fire as well. An arrival that finds the in-flight cap reached
 * becomes a ROLLPROOF_DROPPED row, too. Ends when told to, or when the maximum duration is over: nothing new is scheduled
 * then, what is in flight has one timeout to end by itself, the rest is cut as ROLLPROOF_ABORTED. Rows leave every 250 ms
 * or 8,192 rows, in the order in which arrivals ended, not of `seq`.
 * `injectStall.atMs` counts from the start of traffic.
 */
export class Generator {
  readonly #host: GeneratorHost;
  readonly #emit: (message: FromGenerator) => void;
  readonly #workload: Workload;
  readonly #plan: ArrivalPlan;
  readonly #schedule: Schedule;
  readonly #cap: number;
  readonly #timeoutMs: number;
  readonly #tally: Tally;
  readonly #recorder: Recorder;
  readonly #pulse: Pulse;
  readonly #addresses: AddressBook;
  readonly #client: LaneClients;
  readonly #control: ControlProbe;
  readonly #reProbe: ReProbe;
  /** First possible arrival, and the instant from which on none is due. */
  readonly #start: Instant;
  #stop: Instant;
  #endTicker: (() => void) | null = null;
  #stall: { readonly at: Instant; readonly durationMs: number } | null;
  #planned: Instant;
  #flushAt: Instant;
  #healthAt: Instant;
  #expiring = false;
  #catchingUp = false;
  #ended = false;

  constructor(workload: Workload, host: GeneratorHost, emit: (message: FromGenerator) => void) {
    const { service, traffic } = workload;
    const now = host.now();
    this.#host = host;
    this.#emit = emit;
    this.#workload = workload;
    this.#plan = arrivalPlan(traffic);
    const segment = workload.segment ?? WHOLE;
    this.#cap = segmentCap(segment, inFlightCap(traffic));
    this.#timeoutMs = traffic.timeoutMs;
    const template = requestTemplate(workload);
    this.#tally = new Tally(template.kinds.map(({ ok }) => ok));
    this.#recorder = new Recorder(this.#tally, (batch) => emit({ kind: 'batch', batch }));
    this.#pulse = new Pulse(now);
    const url = serviceUrl(service.url);
    this.#addresses = new AddressBook({
      url,
      resolve: traffic.resolve,
      lookup: host.lookup,
      pickAt: uniformStream(traffic.seed, STREAMS.address),
      patienceMs: traffic.timeoutMs,
      settled: () => this.#client.resume(),
    });
    const requests = clientRequests(template.kinds, this.#recorder.dictionaries.request);
    const secure = url.protocol === 'https:';
    const common = { now: host.now, template, requests, timeoutMs: this.#timeoutMs, secure, opener: host.opener };
    this.#client = new LaneClients({
      ...common,
      openH2: host.openH2,
      alive: (at) => this.#inputAt(at),
      format: headFormat(service.identity, this.#recorder.dictionaries),
      failedOnKept: (connection, code, at) => this.#reProbe.after(connection, code, at),
      recorder: this.#recorder,
      addresses: this.#addresses,
    });
    const tell = (figures: ReProbeFigures) => emit({ kind: 're-probe', figures });
    this.#reProbe = new ReProbe({ ...common, alive: this.#pulse.alive, service, tell });
    // Segments share one start, or their union would not be the plan: one that is late drops what it missed.
    this.#start = segment.count > 1 ? workload.startAt : Math.max(workload.startAt, now);
    this.#control = new ControlProbe({
      now: host.now,
      pulse: this.#pulse,
      target: host.control,
      seed: traffic.seed,
      startAt: this.#start,
      warn: (message) => emit({ kind: 'warning', at: host.now(), message }),
    });
    this.#stop = this.#start + workload.maxDurationMs;
    const stall = traffic.injectStall;
    this.#stall = stall === null ? null : { at: this.#start + stall.atMs, durationMs: stall.durationMs };
    this.#schedule = new Schedule(this.#plan, segment, this.#start);
    this.#planned = now;
    this.#flushAt = now + FLUSH_MS;
    this.#healthAt = now + HEALTH_MS;
  }

  /** Begins; everything else happens at wake-ups. */
  start(): void {
    this.#addresses.refresh(this.#host.now());
    this.#control.start();
    if (this.#workload.traffic.precise === true)
      this.#endTicker = this.#host.ticker(this.#workload, this.#start, () => this.#tick());
    this.#sleep(this.#host.now());
  }

  /** Schedules nothing that is due at `at` or later (default: now); what was due before still gets its row. */
  stop(at: Instant = this.#host.now()): void {
    this.#stop = Math.min(this.#stop, at);
  }

  /** Hands over what is recorded, for a thread that is about to die. */
  flush(): void {
    this.#recorder.flush();
  }

  #wake(): void {
    if (this.#ended) return;
    let now = this.#host.now();
    this.#pulse.woke(this.#planned, now);
    if (this.#stall !== null && now >= this.#stall.at) {
      this.#host.block(this.#stall.durationMs);
      this.#stall = null;
      const blockedAt = now;
      now = this.#host.now();
      this.#pulse.woke(blockedAt, now);
    }
    this.#addresses.refresh(now);
    this.#arrivals(now);
    this.#control.probe(now);
    this.#expire(now);
    if (now >= this.#flushAt) this.#report(now);
    if (now >= this.#stop && this.#schedule.nextDue >= this.#stop && this.#drained(now)) this.#end();
    else this.#sleep(now);
  }

  #tick(): void {
    if (this.#ended) return;
    const now = this.#host.now();
    this.#pulse.alive(now);
    this.#arrivals(now);
  }

  /**
   * Input woke the thread: what came due meanwhile need not wait for the timer, which counts whole ms. Fired after the
   * input, never from within the client's own handlers.
   */
  #inputAt(now: Instant): void {
    this.#pulse.alive(now);
    if (this.#schedule.nextDue > now || this.#schedule.nextDue >= this.#stop || this.#catchingUp) return;
    this.#catchingUp = true;
    this.#host.afterInput(() => {
      this.#catchingUp = false;
      const later = this.#host.now();
      this.#pulse.alive(later);
      this.#arrivals(later);
    });
  }

  #arrivals(now: Instant): void {
    if (this.#schedule.nextDue > now) return;
    let current = now;
    while (this.#schedule.nextDue <= now && this.#schedule.nextDue < this.#stop) {
      const due = this.#schedule.nextDue;
      const k = this.#schedule.take();
      const lane = this.#plan.lane(k);
      if (current - due > OVERDUE_MS || this.#client.inFlight >= this.#cap) this.#recorder.dropped(k, lane, due);
      else {
        this.#tally.sent++;
        current = this.#client.fire(k, lane, due, this.#plan.holdMs(k));
      }
    }
    this.#tally.scheduled = this.#schedule.taken;
    this.#host.scheduled(this.#schedule.taken);
  }

  /** Timeouts are judged after pending input: an answer that lies in the socket buffer is an answer. */
  #expire(now: Instant): void {
    const next = Math.min(this.#client.nextDeadline, this.#control.nextDeadline, this.#reProbe.nextDeadline);
    if (this.#expiring || next > now) return;
    this.#expiring = true;
    this.#host.afterInput(() => {
      this.#expiring = false;
      const later = this.#host.now();
      this.#pulse.alive(later);
      this.#client.expire(later);
      this.#control.expire(later);
      this.#reProbe.expire(later);
    });
  }

  /** True when nothing is in flight, or one timeout has passed since the stop and the rest was cut. */
  #drained(now: Instant): boolean {
    // The last arrivals may have been fired that late; and a timeout yet to be judged is a timeout, not our cut.
    const patienceMs = this.#timeoutMs + OVERDUE_MS + HEARTBEAT_MS;
    if (now >= this.#stop + patienceMs && !this.#expiring) this.#client.abortAll(now);
    return this.#client.inFlight === 0;
  }

  #report(now: Instant): void {
    this.#client.sweep();
    this.#reProbe.sweep();
    this.#recorder.flush();
    for (const span of this.#pulse.takeStalls()) this.#emit({ kind: 'stall', at: now, span });
    const intervalMs = FLUSH_MS + now - this.#flushAt;
    const targets = this.#recorder.dictionaries.target;
    const figures = this.#tally.takeProgress(intervalMs, this.#client.inFlight, targets);
    this.#emit({ kind: 'progress', figures });
    this.#flushAt = now + FLUSH_MS;
    if (now < this.#healthAt) return;
    this.#healthAt = Math.max(this.#healthAt + HEALTH_MS, now + FLUSH_MS);
    this.#health(now);
  }

  #health(now: Instant): void {
    const { sent, ended, dropped } = this.#tally;
    const [eventLoopDelayMaxMs, inFlight] = [this.#pulse.takeMaxDelayMs(), this.#client.inFlight];
    const [cpuMs, limits] = [this.#host.cpuMs(), this.#host.limits()];
    const figures = { at: now, eventLoopDelayMaxMs, sent, ended, dropped, inFlight, cpuMs, limits };
    this.#emit({ kind: 'health', figures });
    const control = this.#control.take(now);
    if (control !== null) this.#emit({ kind: 'control', figures: control });
  }

  #end(): void {
    this.#ended = true;
    const now = this.#host.now();
    this.#report(now);
    this.#health(now);
    this.#endTicker?.();
    this.#client.close();
    this.#control.close(now);
    this.#reProbe.close(now);
    this.#emit({ kind: 'end', scheduled: this.#schedule.taken });
  }

  #sleep(now: Instant): void {
    let wakeAt = Math.min(now + HEARTBEAT_MS, this.#flushAt, this.#client.nextDeadline);
    const grace = this.#endTicker === null ? 0 : TICKER_GRACE_MS;
    if (this.#schedule.nextDue < this.#stop) wakeAt = Math.min(wakeAt, this.#schedule.nextDue + grace);
    // Timers count whole ms and never less than one; whatever is due by then is caught up with at the wake-up.
    const ms = Math.max(1, Math.ceil(wakeAt - now));
    this.#planned = now + ms;
    this.#host.after(ms, () => this.#wake());
  }
}
