import type { AppConfig } from './app/app-config.js';
import type { AppMessage } from './app/process.js';

/** A running application process, as the supervisor sees it. */
export interface AppProcess {
  readonly pid: number | null;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

/** What a process tells; `onExit` comes exactly once, after the last message. */
export interface AppHandlers {
  readonly onMessage: (message: AppMessage) => void;
  /** `reason` says how it ended, with the last of its stderr; `exitedNs` is CLOCK_MONOTONIC when it did. */
  readonly onExit: (reason: string, exitedNs: bigint) => void;
}

/** Starts one application process; a failure to start it is an exit. */
export type StartApplication = (config: AppConfig, handlers: AppHandlers) => AppProcess;

/** What happened to one application, in CLOCK_MONOTONIC ns. */
export interface ApplicationTimes {
  readonly closedNs: bigint | null;
  readonly exitedNs: bigint | null;
  readonly listeningNs: bigint | null;
  readonly readyNs: bigint | null;
}

/** A message read from a process: what is not one of ours is `null`. */
export function appMessageOf(value: unknown): AppMessage | null {
  if (typeof value !== 'object' || value === null) return null;
  const { kind, monotonicNs, port, message, run, seqs } = value as Record<string, unknown>;
  if (typeof monotonicNs !== 'string' || !/^\d{1,20}$/.test(monotonicNs)) return null;
  if (kind === 'ready' || kind === 'closed') return { kind, monotonicNs };
  if (kind === 'listening' && typeof port === 'number') return { kind, port, monotonicNs };
  if (kind === 'failed' && typeof message === 'string') return { kind, message, monotonicNs };
  if (kind === 'requests' && typeof run === 'string' && Array.isArray(seqs) && seqs.every(isSeq))
    return { kind, run, seqs, monotonicNs };
  return null;
}

function isSeq(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

/** One life of one application: from the start of its process to its end. */
export class Application {
  readonly config: AppConfig;
  /** Resolves with the port; rejects when the process ends first. */
  readonly listening: Promise<number>;
  /** Resolves when the application says it can serve; never for one that cannot. */
  readonly ready: Promise<void>;
  /** Resolves with how it ended. */
  readonly exited: Promise<string>;
  readonly #child: AppProcess;
  #exitReason: string | null = null;
  #times: ApplicationTimes = { closedNs: null, exitedNs: null, listeningNs: null, readyNs: null };

  /** `onRequests` hears which requests of a run came, in bundles. */
  constructor(
    config: AppConfig,
    start: StartApplication,
    onRequests: (run: string, seqs: readonly (string | null)[]) => void = () => undefined,
  ) {
    this.config = config;
    const listening = deferred<number>();
    const ready = deferred<void>();
    const exited = deferred<string>();
    this.#child = start(config, {
      onMessage: (message) => {
        this.#note(message);
        if (message.kind === 'requests') onRequests(message.run, message.seqs);
        if (message.kind === 'listening') listening.resolve(message.port);
        if (message.kind === 'ready') ready.resolve();
        if (message.kind === 'failed') listening.reject(new Error(message.message));
      },
      onExit: (reason, exitedNs) => {
        this.#times = { ...this.#times, exitedNs };
        this.#exitReason = reason;
        exited.resolve(reason);
        listening.reject(new Error(`the application ended before it listened: ${reason}`));
      },
    });
    // Nobody may be waiting for it when it ends early.
    listening.promise.catch(() => undefined);
    this.listening = listening.promise;
    this.ready = ready.promise;
    this.exited = exited.promise;
  }

  get pid(): number | null {
    return this.#child.pid;
  }

  get times(): ApplicationTimes {
    return this.#times;
  }

  /** When it stopped taking connections: its listener closed or its process ended, whichever was first. Null before. */
  get downNs(): bigint | null {
    const { closedNs, exitedNs } = this.#times;
    return exitedNs === null || (closedNs !== null && closedNs < exitedNs) ? closedNs : exitedNs;
  }

  /** How its process ended, or null while it runs. */
  get exitReason(): string | null {
    return this.#exitReason;
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (this.#exitReason === null) this.#child.kill(signal);
  }

  #note(message: AppMessage): void {
    const ns = BigInt(message.monotonicNs);
    if (message.kind === 'listening') this.#times = { ...this.#times, listeningNs: this.#times.listeningNs ?? ns };
    else if (message.kind === 'ready') this.#times = { ...this.#times, readyNs: this.#times.readyNs ?? ns };
    else if (message.kind === 'closed') this.#times = { ...this.#times, closedNs: this.#times.closedNs ?? ns };
  }
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (cause: Error) => void;
}

function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (cause: Error) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
