import type { Policy } from '../../src/domain/scenario.js';
import type { AnswerKind } from './answers.js';
import { oneOf, type Random, within } from './random.js';

export type Routing = 'random' | 'round-robin' | 'least-outstanding';

/** One world and the faults in it: what really happens, known beforehand. Times in ms. */
export interface World {
  readonly targets: number;
  /** Balancer nodes; each learns of a detach or attach at its own moment. */
  readonly nodes: number;
  readonly routing: Routing;
  /** Connections are passed through to a target, so a stopped one refuses the client itself; else each request is routed. */
  readonly passesThrough: boolean;
  /** Lanes new and reuse together. */
  readonly ratePerSecond: number;
  readonly longPerSecond: number;
  readonly longHoldMs: readonly [number, number];
  readonly afterDetachMs: number;
  readonly afterAttachMs: number;
  readonly detachLagMs: readonly [number, number];
  readonly attachLagMs: readonly [number, number];
  /** The balancer lets go of one target only so long after its application stopped; on every node, or on the last. */
  readonly shortSleep: { readonly byMs: number; readonly everyNode: boolean } | null;
  /** What a request to a stopped application comes to. */
  readonly deadAnswer: AnswerKind;
  /** From the application being up until it can serve; it answers 503 itself meanwhile. */
  readonly readyLagMs: number;
  readonly isGraceful: boolean;
  /** Null = longer than any request; 0 = draining off. */
  readonly drainLimitMs: number | null;
  readonly cutAnswer: AnswerKind;
  readonly outage: OutageFault | null;
  /** Share of all requests that fail at any time, deploy or not. */
  readonly noise: { readonly share: number; readonly answer: AnswerKind; readonly reuseOnly: boolean } | null;
  readonly newVersionFails: number;
  /** Share of the old version's answers that fail once the new one is in service. */
  readonly oldVersionFails: number;
  /** So few targets in rotation that this share of the answers is late or missing. */
  readonly overload: { readonly below: number; readonly share: number; readonly answer: AnswerKind } | null;
  /** How the deploy changes nothing, or not what it says. */
  readonly replacement: 'real' | 'stale' | 'noop-same-version' | 'noop-no-boot' | 'never-leaves';
  readonly pause: PauseFault | null;
  /** Share of the judged arrivals whose record says or shows that it is no measurement. */
  readonly unmeasured: { readonly share: number; readonly how: 'dropped' | 'lost' | 'client' | 'dns' } | null;
  readonly hasAppMarks: boolean;
  /** The journal's clock against the generator's. */
  readonly clockSkewMs: number;
  /** The clock of the application's own marks against the journal's. */
  readonly markSkewMs: number;
  readonly policy: Partial<Policy>;
}

/** Requests sent in it fail: all of them, or those routed to one target. */
export interface OutageFault {
  readonly ms: number;
  readonly scope: 'total' | 'target';
  readonly answer: AnswerKind;
}

/** The generator sends nothing for a while. */
export interface PauseFault {
  readonly ms: number;
  /** What was due is sent at its end, or never was due, or is sent late and the stall is recorded. */
  readonly how: 'late' | 'skipped' | 'stall';
  /** A total outage that lies within the pause. */
  readonly hidesOutage: boolean;
}

/** Share of a stalled generator's requests in flight whose own timer fires before their answer is read. */
export const FORGED_SHARE = 0.3;
export const TIMEOUT_MS = 1500;
/** A send is late by up to this even on a healthy generator. */
export const LATE_MS = 0.2;

/** A healthy world with sizes drawn at random: nothing fails in it. */
export function healthyWorld(random: Random, change: Partial<World> = {}): World {
  return {
    targets: oneOf(random, [2, 2, 3, 4]),
    nodes: oneOf(random, [1, 1, 2, 3]),
    routing: oneOf(random, ['random', 'round-robin', 'least-outstanding']),
    passesThrough: false,
    // The shortest deploy still holds the 2,995 requests that the default objective asks for.
    ratePerSecond: within(random, 660, 760),
    longPerSecond: 20,
    longHoldMs: [100, 350],
    afterDetachMs: within(random, 850, 1100),
    afterAttachMs: within(random, 700, 900),
    detachLagMs: [20, 400],
    attachLagMs: [10, 400],
    shortSleep: null,
    deadAnswer: oneOf(random, ['gatewayTimeout', 'capacity', 'unsigned502', 'reset', 'timeout']),
    readyLagMs: 0,
    isGraceful: true,
    drainLimitMs: null,
    cutAnswer: oneOf(random, ['gatewayTimeout', 'reset', 'truncated', 'unsigned502']),
    outage: null,
    noise: null,
    newVersionFails: 0,
    oldVersionFails: 0,
    overload: null,
    replacement: 'real',
    pause: null,
    unmeasured: null,
    hasAppMarks: random() < 0.5,
    clockSkewMs: 0,
    markSkewMs: 0,
    policy: {},
    ...change,
  };
}
