import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { EngineEnd, TrafficEngine, Workload } from '../../domain/ports.js';
import type { Lane } from '../../domain/sample.js';
import { EnginePulse, REPORT_EVERY_MS } from '../foreign/engine-pulse.js';
import type { ForeignRecord } from '../foreign/foreign-record.js';
import { ForeignRecorder } from '../foreign/foreign-recorder.js';
import { keptAliveProblem } from '../foreign/kept-alive.js';
import { LaneLedger } from '../foreign/lane-ledger.js';
import type { ProcessHost } from '../foreign/process-host.js';
import { WallClock } from '../foreign/wall-clock.js';
import type { JmeterFiles } from './jmeter-tool.js';
import { lanesOf } from './jmx.js';
import { JtlTail } from './jtl-tail.js';

type Sinks = Parameters<TrafficEngine['run']>[1];

const POLL_MS = 50;
const START_IN_MS = 300;
const SLACK_MS = 1500;
const END_MS = 10_000;

/** A started JMeter that waits for its go file. */
export interface StartedJmeter {
  readonly child: ChildProcess;
  readonly files: JmeterFiles & { readonly go: string };
  /** How it ended, or null while it runs. */
  readonly ended: () => string | null;
}

/**
 * One run of the generated plan: rows are read from the JTL while it grows. As with k6, JMeter goes on firing until every
 * arrival due before the stop has its row; numbers without one are lost.
 */
export class JmeterRun {
  readonly #workload: Workload;
  readonly #host: ProcessHost;
  readonly #jmeter: StartedJmeter;
  readonly #clock: WallClock;
  readonly #now: () => number;
  readonly #recorder: ForeignRecorder;
  readonly #pulse: EnginePulse;
  readonly #tail: JtlTail;
  readonly #ledgers: ReadonlyMap<Lane, { readonly ledger: LaneLedger; readonly slotMs: number }>;
  #problem: string | null = null;
  #cutoff = Number.POSITIVE_INFINITY;

  constructor(workload: Workload, sinks: Sinks, host: ProcessHost, jmeter: StartedJmeter) {
    const clocks = host.clocks(workload.monotonicOriginNs);
    this.#workload = workload;
    this.#host = host;
    this.#jmeter = jmeter;
    this.#now = clocks.now;
    this.#clock = new WallClock(clocks);
    this.#recorder = new ForeignRecorder(workload, sinks, this.#clock);
    this.#pulse = new EnginePulse(sinks.events, workload.source);
    this.#tail = new JtlTail(jmeter.files.results);
    this.#ledgers = new Map(
      lanesOf(workload).map(({ name, ratePerSecond }) => [
        name,
        { ledger: new LaneLedger(), slotMs: 1000 / ratePerSecond },
      ]),
    );
  }

  async run(signal: AbortSignal): Promise<EngineEnd> {
    writeFileSync(this.#jmeter.files.go, String(this.#clock.toWall(this.#now() + START_IN_MS)));
    const hardStopAt = this.#workload.startAt + this.#workload.maxDurationMs;
    await this.#until(() => signal.aborted || this.#now() >= hardStopAt || this.#broken() !== null);
    const broken = this.#broken();
    this.#cutoff = this.#clock.toWall(this.#now());
    const giveUpAt = this.#now() + this.#workload.traffic.timeoutMs + SLACK_MS;
    await this.#until(() => this.#isWhole() || this.#now() >= giveUpAt || this.#broken() !== null);
    await stopJmeter(this.#jmeter, this.#host);
    this.#read();
    this.#tail.close();
    this.#recorder.flush();
    this.#recorder.showProgress(REPORT_EVERY_MS);
    return this.#end(broken);
  }

  async #until(isOver: () => boolean): Promise<void> {
    let reportAt = this.#now() + REPORT_EVERY_MS;
    while (!isOver()) {
      await this.#host.sleep(POLL_MS);
      this.#read();
      const now = this.#now();
      if (now < reportAt) continue;
      reportAt = now + REPORT_EVERY_MS;
      const { sent, ended, dropped } = this.#recorder;
      this.#clock.refresh();
      this.#recorder.handOn();
      this.#recorder.showProgress(REPORT_EVERY_MS);
      this.#pulse.report(now, { sent, ended, dropped, cpuMs: 0 });
    }
  }

  #read(): void {
    if (this.#problem !== null) return;
    try {
      this.#tail.read((record) => this.#take(record));
    } catch (cause) {
      this.#problem = `JMeter's results cannot be read: ${(cause as Error).message}`;
    }
  }

  #take(record: ForeignRecord): void {
    const lane = this.#ledgers.get(record.lane);
    if (lane === undefined || record.number < 0) {
      this.#problem ??= 'JMeter wrote a row that is not of the generated plan';
      return;
    }
    this.#pulse.heard();
    const isKept = record.scheduledAt < this.#cutoff;
    if (!lane.ledger.add(record.number, record.scheduledAt, isKept)) {
      this.#problem ??= `JMeter wrote number ${record.number} of lane ${record.lane} twice`;
      return;
    }
    if (!isKept) return;
    if (!Number.isNaN(record.sentAt))
      this.#pulse.sent(this.#clock.toInstant(record.scheduledAt), this.#clock.toInstant(record.sentAt));
    this.#recorder.add(record);
  }

  #isWhole(): boolean {
    return [...this.#ledgers.values()].every(({ ledger, slotMs }) => ledger.isWholeUntil(this.#cutoff, slotMs + 5));
  }

  #broken(): string | null {
    const ended = this.#jmeter.ended();
    return this.#recorder.broken ?? this.#problem ?? (ended === null ? null : `JMeter ended by itself: ${ended}`);
  }

  #end(broken: string | null): EngineEnd {
    const lost = [...this.#ledgers.values()].reduce((sum, { ledger }) => sum + ledger.lost, 0);
    const step = this.#clock.stepMs;
    const { keptAlive } = this.#recorder;
    const reasons = [
      broken,
      keptAliveProblem(keptAlive, { places: this.#tail.keptConnections, shown: keptAlive.shown }),
      this.#recorder.rows === 0 ? 'JMeter fired nothing' : null,
      this.#problem === broken ? null : this.#problem,
      this.#recorder.broken === broken ? null : this.#recorder.broken,
      step === 0 ? null : `the wall clock jumped by ${Math.round(step)} ms: JMeter's times cannot be placed`,
    ].filter((reason) => reason !== null);
    return { scheduled: this.#recorder.rows + lost, error: reasons.length === 0 ? null : reasons.join('; ') };
  }
}

/** Ends JMeter: every row that counts is on disk already (autoflush). */
export async function stopJmeter(jmeter: StartedJmeter, host: ProcessHost): Promise<void> {
  if (jmeter.ended() === null) jmeter.child.kill('SIGTERM');
  for (let waited = 0; waited < END_MS && jmeter.ended() === null; waited += POLL_MS) await host.sleep(POLL_MS);
  if (jmeter.ended() === null) jmeter.child.kill('SIGKILL');
}
