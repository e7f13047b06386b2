import type { BackendHealth } from './backend.js';
import type { CheckFailure, RunningCheck } from './health-check.js';
import type { NodeClock, NodeTimer } from './node-clock.js';
import { hashOf } from './text-hash.js';

/** The numbers of a health check that decide over state, as on NodeHealthCheck. */
export interface HealthThresholds {
  readonly intervalMs: number;
  readonly unhealthyThreshold: number;
  readonly healthyThreshold: number;
  /** Consecutive passes a backend fresh in rotation needs; a Classic ELB asks for one. */
  readonly initialChecks: number;
}

/**
 * The state after one more check. `streak` counts equal results in a row, this one included. A backend that fails its
 * first checks becomes unhealthy like any other and then needs the full healthy threshold.
 */
export function healthAfter(
  state: BackendHealth,
  passed: boolean,
  streak: number,
  thresholds: HealthThresholds,
): BackendHealth {
  if (!passed) return streak >= thresholds.unhealthyThreshold ? 'unhealthy' : state;
  if (state === 'initial') return streak >= thresholds.initialChecks ? 'healthy' : state;
  return state === 'unhealthy' && streak >= thresholds.healthyThreshold ? 'healthy' : state;
}

/**
 * A number in (0, 1] that is fixed by the text: where on the interval a node checks an instance. Nodes of one balancer
 * check at different moments, and a run can be repeated.
 */
export function checkPhase(text: string): number {
  return (hashOf(text) + 1) / 0x1_0000_0000;
}

/**
 * Checks one backend: at once, then at phase x interval and every interval from there.
 *
 *     add                phase·I                phase·I + I
 *      ├─ check            ├─ check                ├─ check
 *
 * A check still running when the next is due makes that one fall out; two never overlap.
 */
export class HealthLoop {
  readonly #clock: NodeClock;
  readonly #thresholds: HealthThresholds;
  readonly #startCheck: () => RunningCheck;
  readonly #onState: (state: BackendHealth) => void;
  readonly #originMs: number;
  #state: BackendHealth;
  #last: boolean | null = null;
  #streak = 0;
  #running: RunningCheck | null = null;
  #timer: NodeTimer | null = null;
  #stopped = false;
  #flapsLeft: number;
  #failure: CheckFailure | null = null;

  constructor(options: {
    clock: NodeClock;
    thresholds: HealthThresholds;
    state: BackendHealth;
    phase: number;
    startCheck: () => RunningCheck;
    /** The backend passes its first checks, then fails until it is out of service, then tells the truth (a knob). */
    flap: boolean;
    onState: (state: BackendHealth) => void;
  }) {
    this.#clock = options.clock;
    this.#thresholds = options.thresholds;
    this.#startCheck = options.startCheck;
    this.#onState = options.onState;
    this.#state = options.state;
    this.#flapsLeft = options.flap ? options.thresholds.unhealthyThreshold : 0;
    this.#originMs = options.clock.now() + options.phase * options.thresholds.intervalMs;
    this.#check();
  }

  /** How the latest check failed; null when it passed or there was none. */
  get failure(): CheckFailure | null {
    return this.#failure;
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#running?.stop();
    this.#running = null;
  }

  #check(): void {
    const check = this.#startCheck();
    this.#running = check;
    void check.passed.then((passed) => {
      const flaps = passed && this.#flaps();
      this.#take(passed && !flaps, flaps ? { kind: 'failed' } : check.failure());
    });
  }

  #flaps(): boolean {
    return this.#state === 'healthy' && this.#flapsLeft > 0 && this.#flapsLeft-- > 0;
  }

  #take(passed: boolean, failure: CheckFailure | null): void {
    if (this.#stopped) return;
    this.#failure = passed ? null : failure;
    this.#running = null;
    this.#streak = passed === this.#last ? this.#streak + 1 : 1;
    this.#last = passed;
    const state = healthAfter(this.#state, passed, this.#streak, this.#thresholds);
    const changed = state !== this.#state;
    this.#state = state;
    const { intervalMs } = this.#thresholds;
    const sinceMs = this.#clock.now() - this.#originMs;
    const nextMs = sinceMs < 0 ? -sinceMs : intervalMs - (sinceMs % intervalMs);
    this.#timer = this.#clock.after(nextMs, () => this.#check());
    if (changed) this.#onState(state);
  }
}
