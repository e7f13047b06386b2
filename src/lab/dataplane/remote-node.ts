import type { BackendHealth } from './backend.js';
import type { CheckFailure } from './health-check.js';
import type { BackendAddress, NodeHealthCheck, NodeView, NodeViewOptions } from './node-options.js';
import type { FromDataPlane, ToDataPlane } from './thread-protocol.js';

/** A way to the data plane's thread: a worker, or a test's stand-in. */
export interface DataPlanePort {
  post(message: ToDataPlane): void;
  onMessage(hear: (message: FromDataPlane) => void): void;
}

type Answer = Extract<FromDataPlane, { readonly call: number }>;

/** The data plane's thread as the control plane sees it: `start` gives views that look like those in this thread. */
export class RemoteDataPlane {
  readonly #port: DataPlanePort;
  readonly #onFault: (cause: Error) => void;
  readonly #calls = new Map<number, (answer: Answer) => void>();
  readonly #nodes = new Map<number, RemoteNode>();
  #numbers = 0;

  constructor(port: DataPlanePort, onFault: (cause: Error) => void) {
    this.#port = port;
    this.#onFault = onFault;
    port.onMessage((message) => this.#hear(message));
  }

  /** Starts a node there; rejects with the code of the system when its address cannot be listened on. */
  async start(options: NodeViewOptions): Promise<NodeView> {
    const { onHealthChange, onFault: _onFault, ...sent } = options;
    const number = ++this.#numbers;
    const answer = await this.#ask((call) => ({ kind: 'start', call, node: number, options: sent }));
    if (answer.kind === 'refused') throw Object.assign(new Error(answer.message), { code: answer.code });
    if (answer.kind !== 'started') throw new Error(`the data plane answered ${answer.kind} to a start`);
    const node = new RemoteNode(answer, onHealthChange, {
      add: (stay, backend) => this.#port.post({ kind: 'add', node: number, stay, backend }),
      remove: (instanceId, drain) =>
        this.#ask((call) => ({ kind: 'remove', call, node: number, instanceId, drain })).then(() => undefined),
      configure: (check) => this.#port.post({ kind: 'configure', node: number, check }),
      close: async () => {
        await this.#ask((call) => ({ kind: 'close', call, node: number }));
        this.#nodes.delete(number);
      },
    });
    this.#nodes.set(number, node);
    return node;
  }

  #ask(message: (call: number) => ToDataPlane): Promise<Answer> {
    const call = ++this.#numbers;
    return new Promise((resolve) => {
      this.#calls.set(call, resolve);
      this.#port.post(message(call));
    });
  }

  #hear(message: FromDataPlane): void {
    if (message.kind === 'fault') this.#onFault(new Error(message.message));
    else if (message.kind === 'health' || message.kind === 'in-flight') this.#nodes.get(message.node)?.hear(message);
    else {
      this.#calls.get(message.call)?.(message);
      this.#calls.delete(message.call);
    }
  }
}

interface NodeWire {
  add(stay: number, backend: BackendAddress): void;
  remove(instanceId: string, drain: { enabled: boolean; timeoutMs: number }): Promise<void>;
  configure(check: NodeHealthCheck): void;
  close(): Promise<void>;
}

/** One node's mirror: what was asked is known at once, health as soon as it was told, the requests in flight always. */
class RemoteNode implements NodeView {
  readonly host: string;
  readonly port: number;
  readonly #wire: NodeWire;
  readonly #onHealthChange: NodeViewOptions['onHealthChange'];
  readonly #stays = new Map<string, { readonly number: number; health: BackendHealth; failure: CheckFailure | null }>();
  readonly #inFlight = new Map<string, Int32Array>();
  #numbers = 0;
  #closing: Promise<void> | null = null;

  constructor(
    at: { readonly host: string; readonly port: number },
    onHealthChange: NodeViewOptions['onHealthChange'],
    wire: NodeWire,
  ) {
    this.host = at.host;
    this.port = at.port;
    this.#onHealthChange = onHealthChange;
    this.#wire = wire;
  }

  add(backend: BackendAddress): void {
    if (this.#closing !== null || this.#stays.has(backend.instanceId)) return;
    const number = ++this.#numbers;
    this.#stays.set(backend.instanceId, { number, health: 'initial', failure: null });
    this.#wire.add(number, backend);
  }

  remove(instanceId: string, drain: { enabled: boolean; timeoutMs: number }): Promise<void> {
    if (this.#closing !== null) return Promise.resolve();
    this.#stays.delete(instanceId);
    return this.#wire.remove(instanceId, drain);
  }

  health(instanceId: string): BackendHealth | 'absent' {
    return this.#stays.get(instanceId)?.health ?? 'absent';
  }

  /** As of the latest change of health: that is when AWS's descriptions change too. */
  checkFailure(instanceId: string): CheckFailure | null {
    return this.#stays.get(instanceId)?.failure ?? null;
  }

  inFlight(instanceId: string): number {
    const cell = this.#inFlight.get(instanceId);
    return cell === undefined ? 0 : Atomics.load(cell, 0);
  }

  configureHealth(check: NodeHealthCheck): void {
    if (this.#closing === null) this.#wire.configure(check);
  }

  close(): Promise<void> {
    this.#closing ??= this.#wire.close();
    return this.#closing;
  }

  hear(message: Extract<FromDataPlane, { kind: 'health' | 'in-flight' }>): void {
    if (message.kind === 'in-flight') {
      this.#inFlight.set(message.instanceId, message.cell);
      return;
    }
    const stay = this.#stays.get(message.instanceId);
    if (stay?.number !== message.stay) return;
    stay.health = message.state;
    stay.failure = message.failure;
    this.#onHealthChange(message.instanceId, message.state);
  }
}
