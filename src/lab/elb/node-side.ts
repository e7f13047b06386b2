import type { Timers } from '../timers.js';
import type { BackendAddress, DrainSettings, NodeView } from './node-view-port.js';

/** What happened at a node, for the lab's ground truth. */
export type NodeChange = 'added' | 'removing' | 'removed';

/** What one node side needs from outside. */
export interface NodeSideOptions {
  readonly view: NodeView;
  readonly backend: () => BackendAddress;
  readonly timers: Timers;
  readonly onChange: (change: NodeChange) => void;
}

interface Message {
  readonly epoch: number;
  readonly cancel: () => void;
}

/**
 * One node's copy of one membership. The control plane's messages travel for a while and the newest one to *arrive*
 * wins: a late older one is dropped.
 *
 *   register ──delay──▶ add ─▶ present          deregister ──delay──▶ remove ─▶ leaving ─(last request ends)─▶ absent
 */
export class NodeSide {
  readonly #options: NodeSideOptions;
  #place: 'absent' | 'present' | 'leaving' = 'absent';
  #wanted = false;
  #epoch = 0;
  #removal = 0;
  #additions: Message[] = [];
  #removals: Message[] = [];

  constructor(options: NodeSideOptions) {
    this.#options = options;
  }

  /** What the control plane last asked for. */
  get wanted(): boolean {
    return this.#wanted;
  }

  /** True when the node holds the instance and no registration is still on its way. */
  get settled(): boolean {
    return this.#place === 'present' && this.#additions.length === 0;
  }

  /** True while the node still routes to the instance, will stop to, or finishes its requests. */
  get occupied(): boolean {
    return this.#place !== 'absent';
  }

  /** Tells the node to take the instance, arriving after `delayMs`; `null` = it knows at once (the lab's own start). */
  wantIn(delayMs: number | null): void {
    this.#wanted = true;
    const epoch = ++this.#epoch;
    if (delayMs === null) this.#arriveIn(epoch);
    else this.#additions.push(this.#send(epoch, delayMs, () => this.#arriveIn(epoch)));
  }

  /** Tells the node to let go, arriving after `delayMs`. A registration still on its way is withdrawn. */
  wantOut(delayMs: number, drain: DrainSettings): void {
    this.#wanted = false;
    const epoch = ++this.#epoch;
    cancelAll(this.#additions);
    this.#additions = [];
    if (this.#place !== 'present') return;
    this.#removals.push(this.#send(epoch, delayMs, () => this.#arriveOut(epoch, drain)));
  }

  /** Drops every message on its way; the node itself is closed by its owner. */
  close(): void {
    cancelAll([...this.#additions, ...this.#removals]);
    this.#additions = [];
    this.#removals = [];
    this.#removal++;
  }

  #send(epoch: number, delayMs: number, arrive: () => void): Message {
    return { epoch, cancel: this.#options.timers.after(delayMs, arrive) };
  }

  #forgetUpTo(epoch: number): void {
    const outdated = (message: Message): boolean => message.epoch <= epoch;
    cancelAll([...this.#additions, ...this.#removals].filter(outdated));
    this.#additions = this.#additions.filter((message) => !outdated(message));
    this.#removals = this.#removals.filter((message) => !outdated(message));
  }

  #arriveIn(epoch: number): void {
    this.#forgetUpTo(epoch);
    if (this.#place !== 'present') {
      this.#place = 'present';
      this.#removal++;
      this.#options.view.add(this.#options.backend());
    }
    this.#options.onChange('added');
  }

  #arriveOut(epoch: number, drain: DrainSettings): void {
    this.#forgetUpTo(epoch);
    if (this.#place !== 'present') return;
    this.#place = 'leaving';
    const removal = ++this.#removal;
    const { view, backend, onChange } = this.#options;
    const left = (): void => {
      // Registered again (or closed) meanwhile: this removal no longer speaks for the node.
      if (this.#removal !== removal) return;
      this.#place = 'absent';
      onChange('removed');
    };
    onChange('removing');
    view.remove(backend().instanceId, drain).then(left, left);
  }
}

function cancelAll(messages: readonly Message[]): void {
  for (const message of messages) message.cancel();
}
