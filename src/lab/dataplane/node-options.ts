import type { BackendHealth } from './backend.js';
import type { CheckFailure } from './health-check.js';
import type { ListenerCertificate } from './listener.js';

/** Where one registered instance listens. */
export interface BackendAddress {
  instanceId: string;
  host: string;
  port: number;
}

/** How a node checks its backends; `path` and `codes` (inclusive ranges, absent = 200 only) are used by `http` only. */
export interface NodeHealthCheck {
  kind: 'http' | 'tcp';
  path: string;
  codes?: readonly (readonly [number, number])[];
  intervalMs: number;
  timeoutMs: number;
  unhealthyThreshold: number;
  healthyThreshold: number;
  initialChecks: number;
}

/** Faults a node commits on purpose; each off when absent. See the knobs of the same names. */
export interface NodeFaults {
  readonly drainNeverEnds?: boolean;
  readonly rstAtDrainEnd?: boolean;
  readonly healthFlap?: boolean;
  readonly closeNoticeMs?: number;
  readonly drainKeepsIdle?: boolean;
  /** The node takes no new connections from this long after its start; those there are go on. */
  readonly leavesMs?: number;
}

/** One node of a load balancer. Port 0 = any free port. */
export interface NodeViewOptions {
  name: string;
  host: string;
  port: number;
  flavour: 'clb' | 'alb' | 'nlb';
  /** What clients speak; http when absent. https and ssl need a certificate. */
  listener?: 'http' | 'https' | 'tcp' | 'ssl';
  certificate?: ListenerCertificate;
  connectRetries: number;
  preopen: number;
  idleTimeoutMs: number;
  surgeQueue: number;
  /** Outstanding requests per backend beyond which requests wait in the surge queue; 2,048 when absent. */
  backendMaxConns?: number;
  /** An NLB cuts flows at the end of draining. */
  connectionTermination?: boolean;
  faults?: NodeFaults;
  /** A file to append access log lines to, and the load balancer's name in them. An NLB logs nothing, as on AWS. */
  accessLog?: { readonly file: string; readonly balancer: string };
  health: NodeHealthCheck;
  /** Called on every change to healthy or unhealthy; `initial` is what `add` begins with and is not announced. */
  onHealthChange(instanceId: string, state: BackendHealth): void;
  /** Told of what the node cannot do although it goes on, such as writing its access log. */
  onFault?(cause: Error): void;
}

/** A running node: its own listener, routing copy, health checks and backend connections. */
export interface NodeView {
  readonly host: string;
  readonly port: number;
  /** The process that carries the traffic, when it is not the lab's own. */
  readonly pid?: number;
  /** Starts checking; routed to once healthy. No-op when present; while draining it comes back, checked afresh. */
  add(backend: BackendAddress): void;
  /**
   * No new requests from now on. Resolves when the last one under way ended or was cut (at the timeout, or at once when
   * draining is disabled), or when the backend was added again meanwhile.
   */
  remove(instanceId: string, drain: { enabled: boolean; timeoutMs: number }): Promise<void>;
  /** `absent` from `remove` on, also while requests are still draining. */
  health(instanceId: string): BackendHealth | 'absent';
  /** How the latest check of a backend in rotation failed; null when it passed or there was none. */
  checkFailure(instanceId: string): CheckFailure | null;
  /** Requests outstanding at the backend, draining ones included. */
  inFlight(instanceId: string): number;
  /** Takes effect at once: every backend is checked anew, with its state kept and its streak begun again. */
  configureHealth(check: NodeHealthCheck): void;
  close(): Promise<void>;
}
