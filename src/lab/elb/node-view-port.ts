import type { NodeView, NodeViewOptions } from '../dataplane/node-view.js';

export type { CheckFailure } from '../dataplane/health-check.js';
export type {
  BackendAddress,
  BackendHealth,
  NodeHealthCheck,
  NodeView,
  NodeViewOptions,
} from '../dataplane/node-view.js';

/** How a node lets go of an instance: finish what is in flight for at most `timeoutMs`, or cut it at once. */
export interface DrainSettings {
  readonly enabled: boolean;
  readonly timeoutMs: number;
}

/** What a listener can speak, on either side. */
export type ListenerProtocol = 'HTTP' | 'HTTPS' | 'TCP' | 'SSL' | 'TLS';

/**
 * What the API's record of a listener means for the data plane. A node view serves exactly one listener on one node: a
 * balancer with two listeners on two nodes has four. Everything else of the record (names, policies, tags, rules) stays
 * above this border.
 */
export interface ListenerPath {
  readonly protocol: ListenerProtocol;
  readonly backendProtocol: ListenerProtocol;
  /** The port asked for; 0 = any free one. */
  readonly port: number;
  /** The ARN the client named, never its key; null when the listener does not end TLS. */
  readonly certificateId: string | null;
}

/** How the control plane starts a node; the data plane's function, or a fake in tests. */
export type StartNodeView = (options: NodeViewOptions) => Promise<NodeView>;
