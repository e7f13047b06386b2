import type { Backend } from './backend.js';
import type { Routed } from './exchange.js';
import type { ReplyCause } from './replies.js';
import { hashOf } from './text-hash.js';

/**
 * How a backend is chosen among those in rotation. A Classic ELB gives HTTP to the one with the fewest outstanding
 * requests and TCP to each in turn; an ALB takes turns; an NLB hashes the client's address and port.
 */
export type Choice = 'least-outstanding' | 'round-robin' | 'flow-hash';

/** How a node spreads and bounds its requests. */
export interface RouterLimits {
  readonly choice: Choice;
  /** With no healthy backend route to all of them, as ALB and NLB do. */
  readonly failOpen: boolean;
  readonly connectRetries: number;
  /** Requests that may wait for a backend with room; the next one is spilled (503). */
  readonly surgeQueue: number;
  /** Outstanding requests one backend may hold before further ones wait. */
  readonly backendMaxConns: number;
}

/**
 * The backend with the fewest outstanding requests among those not in `skip`; equal ones take turns, `turn` being any
 * rising number. Null when none is left.
 */
export function leastOutstanding(
  backends: readonly Backend[],
  turn: number,
  skip: readonly Backend[] | null,
): Backend | null {
  let best: Backend | null = null;
  const count = backends.length;
  for (let i = 0; i < count; i++) {
    const backend = backends[(turn + i) % count]!;
    if (skip?.includes(backend)) continue;
    if (best === null || backend.outstanding < best.outstanding) best = backend;
  }
  return best;
}

/** The first backend from position `turn` on that is not in `skip`; null when none is left. */
export function nextInTurn(
  backends: readonly Backend[],
  turn: number,
  skip: readonly Backend[] | null,
): Backend | null {
  for (let i = 0; i < backends.length; i++) {
    const backend = backends[(turn + i) % backends.length]!;
    if (!skip?.includes(backend)) return backend;
  }
  return null;
}

/** Chooses backends for requests and flows, retries refused connections elsewhere, and keeps the surge queue. */
export class Router {
  readonly #limits: RouterLimits;
  readonly #waiting: Routed[] = [];
  #routable: readonly Backend[] = [];
  #turn = 0;

  constructor(limits: RouterLimits) {
    this.#limits = limits;
  }

  /** Takes the backends in rotation. */
  update(backends: Iterable<Backend>): void {
    const inRotation = [...backends].filter((backend) => backend.inRotation);
    const healthy = inRotation.filter((backend) => backend.health === 'healthy');
    this.#routable = healthy.length === 0 && this.#limits.failOpen ? inRotation : healthy;
    if (this.#routable.length > 0) this.admit();
    else for (const routed of this.#waiting.splice(0)) routed.refuse('no-backend');
  }

  route(routed: Routed): void {
    const backend = this.#choose(routed, this.#turn++);
    if (backend === null) routed.refuse(routed.tried === null ? 'no-backend' : 'connect-failed');
    else if (backend.outstanding < this.#limits.backendMaxConns) routed.carriedBy(backend);
    else if (this.#waiting.length < this.#limits.surgeQueue) this.#waiting.push(routed);
    else routed.refuse('spillover');
  }

  /** The connection to `backend` never opened, so nothing was sent: try another one first, within the retries. */
  retry(routed: Routed, backend: Backend, cause: ReplyCause): void {
    routed.tried ??= [];
    routed.tried.push(backend);
    if (routed.tried.length > this.#limits.connectRetries) routed.refuse(cause);
    else this.route(routed);
  }

  /** The client gave up while waiting. */
  forget(routed: Routed): void {
    const at = this.#waiting.indexOf(routed);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  /** Hands waiting requests to backends with room, first come first served. */
  admit(): void {
    while (this.#waiting.length > 0) {
      // The first with room, whatever the choice: waiting for one particular full backend would hold up all the others.
      const backend = leastOutstanding(this.#routable, this.#turn++, null);
      if (backend === null || backend.outstanding >= this.#limits.backendMaxConns) return;
      this.#waiting.shift()!.carriedBy(backend);
    }
  }

  #choose(routed: Routed, turn: number): Backend | null {
    const fresh = this.#pick(routed, turn, routed.tried);
    return fresh ?? (routed.tried === null ? null : this.#pick(routed, turn, null));
  }

  #pick(routed: Routed, turn: number, skip: readonly Backend[] | null): Backend | null {
    if (this.#limits.choice === 'least-outstanding') return leastOutstanding(this.#routable, turn, skip);
    return nextInTurn(this.#routable, this.#limits.choice === 'flow-hash' ? hashOf(routed.flow) : turn, skip);
  }
}
