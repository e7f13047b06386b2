import type { BackendHealth } from './backend.js';
import type { CheckFailure } from './health-check.js';
import type { BackendAddress, NodeHealthCheck, NodeViewOptions } from './node-options.js';

/** A node's options as they travel to the data plane's thread. */
export type SentNodeOptions = Omit<NodeViewOptions, 'onHealthChange' | 'onFault'>;

/** What the control plane asks of the data plane's thread; `call` numbers what is answered. */
export type ToDataPlane =
  | { readonly kind: 'start'; readonly call: number; readonly node: number; readonly options: SentNodeOptions }
  | { readonly kind: 'add'; readonly node: number; readonly stay: number; readonly backend: BackendAddress }
  | {
      readonly kind: 'remove';
      readonly call: number;
      readonly node: number;
      readonly instanceId: string;
      readonly drain: { readonly enabled: boolean; readonly timeoutMs: number };
    }
  | { readonly kind: 'configure'; readonly node: number; readonly check: NodeHealthCheck }
  | { readonly kind: 'close'; readonly call: number; readonly node: number };

/** What it answers and tells. `stay` numbers the stays of instances, so that news of an earlier one is not believed. */
export type FromDataPlane =
  | { readonly kind: 'started'; readonly call: number; readonly host: string; readonly port: number }
  | { readonly kind: 'refused'; readonly call: number; readonly message: string; readonly code: string }
  | { readonly kind: 'done'; readonly call: number }
  | {
      readonly kind: 'health';
      readonly node: number;
      readonly instanceId: string;
      readonly stay: number;
      readonly state: BackendHealth;
      readonly failure: CheckFailure | null;
    }
  /** The number of requests outstanding, shared: it changes without messages. */
  | { readonly kind: 'in-flight'; readonly node: number; readonly instanceId: string; readonly cell: Int32Array }
  | { readonly kind: 'fault'; readonly message: string };
