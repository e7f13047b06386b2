import type { AppConfig } from './app/app-config.js';
import { RequestAudit, type RunAudit } from './app/request-audit.js';
import { Application, type StartApplication } from './application.js';
import type { BackendAddress } from './elb/node-view-port.js';
import type { LabKnobs } from './knobs.js';
import type { Random } from './random.js';
import { pause, type Timers, within } from './timers.js';

/** One server of the lab: the user's name and the balancer's. */
export interface LabServer {
  readonly target: string;
  readonly instance: string;
}

/** A change in an application's life, CLOCK_MONOTONIC ns. */
export interface DeployMark {
  readonly what: 'stopping' | 'down' | 'up' | 'ready';
  readonly target: string;
  readonly monotonicNs: bigint;
}

/** What happens during a deploy, in order; the log and the mark file of the deploy command are made of it. */
export type DeployProgress =
  | { readonly kind: 'mark'; readonly mark: DeployMark }
  | {
      readonly kind: 'stopped' | 'started';
      readonly target: string;
      readonly version: string;
      readonly pid: number | null;
    };

/** One server now. */
export interface ServerState extends LabServer {
  readonly host: string;
  readonly port: number;
  readonly version: string | null;
  readonly bootId: string | null;
  readonly pid: number | null;
  readonly running: boolean;
  readonly deploying: boolean;
}

/** What the supervisor needs from outside. */
export interface SupervisorOptions {
  readonly servers: readonly LabServer[];
  readonly knobs: LabKnobs;
  readonly start: StartApplication;
  readonly timers: Timers;
  readonly monotonicNs: () => bigint;
  readonly random: Random;
}

const HOST = '127.0.0.1';
/** Beyond its grace, how long a stopping application may take before it is killed. */
const STOP_DEADLINE_MS = 1_000;
/** Beyond its startup delay, how long a process may take to listen. */
const LISTEN_DEADLINE_MS = 10_000;
/** An application that is ready as soon as it listens says so within this; a deploy waits no longer for it. */
const READY_NOTICE_MS = 100;

interface Slot {
  readonly server: LabServer;
  application: Application | null;
  port: number;
  deploying: boolean;
}

/** Runs one application process per server, each on a port it keeps over its deploys. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #slots: readonly Slot[];
  readonly #audit = new RequestAudit();
  #closing = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#slots = options.servers.map((server) => ({ server, application: null, port: 0, deploying: false }));
  }

  /** Starts every server on a sound `version` and waits until each can serve; rejects when one does not listen. */
  async startAll(version: string): Promise<void> {
    await Promise.all(
      this.#slots.map(async (slot) => {
        const application = await this.#launch(slot, version, 'initial');
        await Promise.race([application.ready, application.exited]);
      }),
    );
  }

  /** Where a server's application listens, or will again. */
  address(instance: string): BackendAddress {
    const slot = this.#slotOf(instance);
    return { instanceId: slot.server.instance, host: HOST, port: slot.port };
  }

  /** Every server now, in the order given. */
  states(): readonly ServerState[] {
    return this.#slots.map(({ server, application, port, deploying }) => ({
      ...server,
      host: HOST,
      port,
      version: application?.config.version ?? null,
      bootId: application?.config.bootId ?? null,
      pid: application?.pid ?? null,
      running: application !== null && application.exitReason === null,
      deploying,
    }));
  }

  /** What all applications received, over all their lives, by run; those that were killed keep their last moment. */
  audit(): Readonly<Record<string, RunAudit>> {
    return this.#audit.runs();
  }

  /**
   * Stops what runs on a server and starts `version`. Resolves when that listens, healthy or not; rejects when it does
   * not, or when the server is unknown or busy with another deploy. Every change is told as it is known.
   * @param name the server's target or instance name.
   */
  async deploy(name: string, version: string, tell: (progress: DeployProgress) => void): Promise<void> {
    const slot = this.#slotOf(name);
    if (slot.deploying) throw new Error(`a deploy to '${slot.server.target}' is already under way`);
    slot.deploying = true;
    const target = slot.server.target;
    const mark = (what: DeployMark['what'], monotonicNs: bigint): void =>
      tell({ kind: 'mark', mark: { what, target, monotonicNs } });
    try {
      const running = slot.application?.config.version ?? version;
      await this.#stop(slot, tell);
      const application = await this.#launch(slot, this.#options.knobs.staleVersion ? running : version, 'deployed');
      mark('up', application.times.listeningNs ?? this.#options.monotonicNs());
      tell({ kind: 'started', target, version, pid: application.pid });
      await Promise.race([application.ready, pause(this.#options.timers, READY_NOTICE_MS)]);
      if (application.times.readyNs !== null) mark('ready', application.times.readyNs);
    } finally {
      slot.deploying = false;
    }
  }

  /** Ends every application at once and waits until each is gone; deploys under way fail. */
  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all(
      this.#slots.map(async ({ application }) => {
        application?.kill('SIGKILL');
        await application?.exited;
      }),
    );
  }

  #slotOf(name: string): Slot {
    const slot = this.#slots.find(({ server }) => server.target === name || server.instance === name);
    if (slot === undefined) {
      const known = this.#slots.map(({ server }) => server.target).join(', ');
      throw new Error(`the lab has no server '${name}'; it has ${known}`);
    }
    return slot;
  }

  async #stop(slot: Slot, tell: (progress: DeployProgress) => void): Promise<void> {
    const { application, server } = slot;
    if (application === null) return;
    const { target } = server;
    const { knobs, timers, monotonicNs } = this.#options;
    if (application.exitReason === null) {
      tell({ kind: 'mark', mark: { what: 'stopping', target, monotonicNs: monotonicNs() } });
      application.kill('SIGTERM');
      const cancel = timers.after(knobs.graceMs + STOP_DEADLINE_MS, () => application.kill('SIGKILL'));
      await application.exited;
      cancel();
    }
    // One that had crashed before was down since then, and nobody stopped it.
    if (application.downNs !== null) {
      tell({ kind: 'mark', mark: { what: 'down', target, monotonicNs: application.downNs } });
    }
    tell({ kind: 'stopped', target, version: application.config.version, pid: application.pid });
  }

  async #launch(slot: Slot, version: string, origin: 'initial' | 'deployed'): Promise<Application> {
    if (this.#closing) throw new Error('the lab is stopping');
    const { timers, start } = this.#options;
    const config = this.#configFor(slot, version, origin);
    const application = new Application(config, start, (run, seqs) => {
      for (const seq of seqs) this.#audit.record(run, seq ?? undefined);
    });
    slot.application = application;
    try {
      slot.port = await within(
        timers,
        config.startupDelayMs + LISTEN_DEADLINE_MS,
        application.listening,
        `the application did not listen within ${config.startupDelayMs + LISTEN_DEADLINE_MS} ms`,
      );
    } catch (cause) {
      application.kill('SIGKILL');
      throw new Error(`server '${slot.server.target}': ${cause instanceof Error ? cause.message : String(cause)}`, {
        cause,
      });
    }
    return application;
  }

  /** The fleet the lab starts with is up and sound; faults of a release come with a deploy. */
  #configFor(slot: Slot, version: string, origin: 'initial' | 'deployed'): AppConfig {
    const { knobs, random } = this.#options;
    const deployed = origin === 'deployed';
    return {
      target: slot.server.target,
      version,
      bootId: random.uuid(),
      host: HOST,
      port: slot.port,
      startupDelayMs: deployed ? knobs.startupDelayMs : 0,
      readyLagMs: deployed ? knobs.readyLagMs : 0,
      healthLies: deployed && knobs.healthLies,
      keepAliveMs: knobs.keepAliveMs,
      headersTimeoutMs: knobs.headersTimeoutMs,
      graceMs: knobs.graceMs,
      ignoreSigterm: knobs.ignoreSigterm,
      stopKeepsIdle: knobs.stopKeepsIdle,
      latencyMs: knobs.latencyMs,
      errorRate: deployed ? knobs.errorRate : 0,
      versionHeader: knobs.versionHeader,
      broken: deployed && knobs.brokenVersion !== '' && version === knobs.brokenVersion,
      crashAfterMs: knobs.crashAfterMs,
      seed: Math.floor(random.next() * 0x7fff_ffff),
    };
  }
}
