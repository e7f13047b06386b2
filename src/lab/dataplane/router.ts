import type { Backend } from './backend.js';
import type { Exchange } from './exchange.js';
import type { ReplyCause } from './replies.js';

/** How a node spreads and bounds its requests. */
export interface RouterLimits {
  readonly flavour: 'clb' | 'alb';
  readonly connectRetries: number;
  /** Requests that may wait for a backend with room; the next one is spilled (503). */
  readonly surgeQueue: number;
  /** Outstanding requests one backend may hold before further ones wait. */
  readonly backendMaxRequests: number;
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

/** Chooses backends for exchanges, retries refused connections elsewhere, and keeps the surge queue. */
export class Router {
  readonly #limits: RouterLimits;
  readonly #waiting: Exchange[] = [];
  #routable: readonly Backend[] = [];
  #turn = 0;

  constructor(limits: RouterLimits) {
    this.#limits = limits;
  }

  /** Takes the backends in rotation; an ALB with no healthy one routes to all of them (fail open). */
  update(backends: Iterable<Backend>): void {
    const inRotation = [...backends].filter((backend) => backend.inRotation);
    const healthy = inRotation.filter((backend) => backend.health === 'healthy');
    this.#routable = healthy.length === 0 && this.#limits.flavour === 'alb' ? inRotation : healthy;
    if (this.#routable.length > 0) this.admit();
    else for (const exchange of this.#waiting.splice(0)) exchange.refuse('no-backend');
  }

  route(exchange: Exchange): void {
    const backend = this.#choose(exchange);
    if (backend === null) exchange.refuse(exchange.tried === null ? 'no-backend' : 'connect-failed');
    else if (backend.outstanding < this.#limits.backendMaxRequests) backend.carry(exchange);
    else if (this.#waiting.length < this.#limits.surgeQueue) this.#waiting.push(exchange);
    else exchange.refuse('spillover');
  }

  /** The connection to `backend` never opened, so nothing was sent: try another one first, within the retries. */
  retry(exchange: Exchange, backend: Backend, cause: ReplyCause): void {
    exchange.tried ??= [];
    exchange.tried.push(backend);
    if (exchange.tried.length > this.#limits.connectRetries) exchange.refuse(cause);
    else this.route(exchange);
  }

  /** The client gave up while waiting. */
  forget(exchange: Exchange): void {
    const at = this.#waiting.indexOf(exchange);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  /** Hands waiting requests to backends with room, first come first served. */
  admit(): void {
    while (this.#waiting.length > 0) {
      const backend = this.#choose(this.#waiting[0]!);
      if (backend === null || backend.outstanding >= this.#limits.backendMaxRequests) return;
      backend.carry(this.#waiting.shift()!);
    }
  }

  #choose(exchange: Exchange): Backend | null {
    const turn = this.#turn++;
    return (
      leastOutstanding(this.#routable, turn, exchange.tried) ??
      (exchange.tried === null ? null : leastOutstanding(this.#routable, turn, null))
    );
  }
}
