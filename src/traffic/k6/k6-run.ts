import type { Segment } from '../../domain/event.js';
import type { EngineEnd, TrafficEngine, Workload } from '../../domain/ports.js';
import { LANES, type Lane } from '../../domain/sample.js';
import { EnginePulse, REPORT_EVERY_MS } from '../foreign/engine-pulse.js';
import { blankRecord } from '../foreign/foreign-record.js';
import { ForeignRecorder } from '../foreign/foreign-recorder.js';
import { keptAliveProblem } from '../foreign/kept-alive.js';
import { LaneLedger } from '../foreign/lane-ledger.js';
import { LineSplitter } from '../foreign/line-splitter.js';
import type { ProcessHost } from '../foreign/process-host.js';
import { WallClock } from '../foreign/wall-clock.js';
import { ownNumber, WHOLE } from '../segments.js';
import { GridCheck } from './grid-check.js';
import type { K6Process } from './k6-process.js';
import type { ProbePlan } from './probe-plan.js';
import { k6LineKind, parseDropRow, parseProbeRow } from './probe-row.js';

type Sinks = Parameters<TrafficEngine['run']>[1];

interface LaneState {
  readonly ledger: LaneLedger;
  readonly grid: GridCheck;
  /** Between two arrivals of this segment, and from the start of the lane's grid to its first one, ms. */
  readonly slotMs: number;
  readonly offsetMs: number;
}

const POLL_MS = 25;
/** k6 flushes every 100 ms; the pipe and we need a little on top. */
const FLUSH_SLACK_MS = 1500;

/**
 * One run of the probe in its k6 processes. An arrival is kept when it was due before the run was told to stop; k6 goes
 * on firing until all of those have ended, so that none is cut and every number below the last one must be on record.
 */
export class K6Run {
  readonly #workload: Workload;
  readonly #segment: Segment;
  readonly #host: ProcessHost;
  readonly #processes: readonly K6Process[];
  readonly #reuse: ProbePlan['lanes'][number] | undefined;
  readonly #clock: WallClock;
  readonly #now: () => number;
  readonly #recorder: ForeignRecorder;
  readonly #pulse: EnginePulse;
  readonly #lanes = new Map<Lane, LaneState>();
  readonly #problems: string[] = [];
  /** Wall ms from which on arrivals no longer belong to the run. */
  #cutoff = Number.POSITIVE_INFINITY;

  constructor(
    workload: Workload,
    sinks: Sinks,
    host: ProcessHost,
    plans: readonly ProbePlan[],
    processes: readonly K6Process[],
  ) {
    const clocks = host.clocks(workload.monotonicOriginNs);
    this.#workload = workload;
    this.#segment = workload.segment ?? WHOLE;
    this.#host = host;
    this.#processes = processes;
    this.#reuse = plans.flatMap((plan) => plan.lanes).find(({ name }) => name === 'reuse');
    this.#now = clocks.now;
    this.#clock = new WallClock(clocks);
    this.#recorder = new ForeignRecorder(workload, sinks, this.#clock);
    this.#pulse = new EnginePulse(sinks.events, workload.source);
    const { index, count } = this.#segment;
    for (const { name, ratePerSecond } of plans.flatMap((plan) => plan.lanes))
      this.#lanes.set(name, {
        ledger: new LaneLedger(),
        grid: new GridCheck(ratePerSecond / count),
        slotMs: (1000 / ratePerSecond) * count,
        offsetMs: (1000 / ratePerSecond) * (index - 1),
      });
  }

  async run(signal: AbortSignal): Promise<EngineEnd> {
    for (const one of this.#processes) {
      const lines = new LineSplitter();
      one.onRows((bytes) => lines.push(bytes, (line, from, to) => this.#take(line, from, to)));
    }
    const hardStopAt = this.#workload.startAt + this.#workload.maxDurationMs;
    await Promise.all(this.#processes.map((one) => one.go()));
    await this.#until(() => signal.aborted || this.#now() >= hardStopAt || this.#broken() !== null);
    this.#cutoff = this.#clock.toWall(this.#now());
    const patienceMs = this.#workload.traffic.timeoutMs + FLUSH_SLACK_MS;
    const giveUpAt = this.#now() + patienceMs;
    await this.#until(() => this.#isWhole() || this.#now() >= giveUpAt || this.#broken() !== null);
    const killed = (await Promise.all(this.#processes.map((p) => p.stop(this.#host)))).includes(false);
    if (killed) this.#problems.push('k6 had to be killed: its last rows are lost');
    this.#tellStalls(Number.POSITIVE_INFINITY);
    this.#report(this.#now());
    this.#recorder.flush();
    this.#recorder.showProgress(REPORT_EVERY_MS);
    return this.#end();
  }

  /** Polls, and does the regular work once a second. */
  async #until(isOver: () => boolean): Promise<void> {
    let reportAt = this.#now() + REPORT_EVERY_MS;
    while (!isOver()) {
      await this.#host.sleep(POLL_MS);
      const now = this.#now();
      if (now < reportAt) continue;
      reportAt = now + REPORT_EVERY_MS;
      this.#report(now);
    }
  }

  #report(now: number): void {
    const { sent, ended, dropped } = this.#recorder;
    this.#clock.refresh();
    this.#recorder.handOn();
    this.#recorder.showProgress(REPORT_EVERY_MS);
    this.#tellStalls(this.#clock.toWall(now) - this.#workload.traffic.timeoutMs - FLUSH_SLACK_MS);
    this.#pulse.report(now, { sent, ended, dropped, cpuMs: this.#processes.reduce((sum, p) => sum + p.cpuMs, 0) });
  }

  #tellStalls(untilWall: number): void {
    for (const { grid } of this.#lanes.values())
      for (const { from, to } of grid.takeStalls(untilWall))
        if (from < this.#cutoff)
          this.#pulse.stoodStill({ from: this.#clock.toInstant(from), to: this.#clock.toInstant(to) });
  }

  #take(bytes: Buffer, from: number, to: number): void {
    const kind = k6LineKind(bytes, from, to);
    if (kind === 'other') return;
    const line = bytes.toString('utf8', from, to);
    if (kind === 'probe') this.#takeProbe(line);
    else this.#takeDrop(line);
  }

  #takeProbe(line: string): void {
    const row = parseProbeRow(line);
    const lane = row === null ? undefined : this.#lanes.get(row.record.lane);
    if (row === null || lane === undefined) {
      this.#problem(`k6 wrote a row that cannot be read: ${line.slice(0, 120)}`);
      return;
    }
    // k6 numbers the iterations of all segments together.
    const number = ownNumber(this.#segment, row.record.number);
    if (number === null) {
      this.#problem(`k6 fired number ${row.record.number} of lane ${row.record.lane}, which another segment owns`);
      return;
    }
    const isKept = row.record.scheduledAt < this.#cutoff;
    if (!lane.ledger.add(number, row.record.scheduledAt, isKept)) {
      this.#problem(`k6 wrote number ${row.record.number} of lane ${row.record.lane} twice`);
      return;
    }
    this.#pulse.heard();
    if (!isKept) return;
    lane.grid.begun(row.begunMs, row.startMs + lane.offsetMs, number);
    this.#pulse.sent(this.#clock.toInstant(row.record.scheduledAt), this.#clock.toInstant(row.record.sentAt));
    this.#recorder.add(row.record);
  }

  #takeDrop(line: string): void {
    const drop = parseDropRow(line);
    const lane = drop === null ? undefined : this.#lanes.get(drop.lane);
    if (drop === null || lane === undefined) {
      this.#problem(`k6 wrote a row that cannot be read: ${line.slice(0, 120)}`);
      return;
    }
    this.#pulse.heard();
    if (drop.at >= this.#cutoff) return;
    lane.grid.dropped(drop.at, drop.count);
    for (let i = 0; i < drop.count; i++) this.#recorder.add(blankRecord(drop.lane, drop.at));
  }

  #isWhole(): boolean {
    return [...this.#lanes.values()].every(({ ledger, slotMs }) => ledger.isWholeUntil(this.#cutoff, slotMs + 5));
  }

  /** Why going on makes no sense, or null. */
  #broken(): string | null {
    const ended = this.#processes.find((one) => one.exited !== null);
    return this.#recorder.broken ?? (ended === undefined ? null : `k6 ended by itself: ${ended.exited}`);
  }

  #problem(text: string): void {
    if (this.#problems.length < 5) this.#problems.push(text);
  }

  #end(): EngineEnd {
    const lanes = LANES.flatMap((name) => {
      const state = this.#lanes.get(name);
      return state === undefined ? [] : [{ name, lost: state.ledger.lost, missing: state.grid.missing }];
    });
    const lost = lanes.reduce((sum, lane) => sum + Math.max(lane.lost, lane.missing), 0);
    const errors = this.#processes.flatMap((one) => one.errors);
    const step = this.#clock.stepMs;
    const reuse = this.#reuse;
    const unproven =
      reuse === undefined
        ? null
        : keptAliveProblem(this.#recorder.keptAlive, {
            places: reuse.vus * reuse.urls.length,
            ratePerSecond: reuse.ratePerSecond,
          });
    const reasons = [
      ...(this.#recorder.broken === null ? [] : [this.#recorder.broken]),
      ...this.#problems,
      ...(unproven === null ? [] : [unproven]),
      ...(errors.length === 0 ? [] : [`k6 reported ${errors.length} errors, the first: ${errors[0]}`]),
      ...(step === 0 ? [] : [`the wall clock jumped by ${Math.round(step)} ms: k6's times cannot be placed`]),
    ];
    return { scheduled: this.#recorder.rows + lost, error: reasons.length === 0 ? null : reasons.join('; ') };
  }
}
