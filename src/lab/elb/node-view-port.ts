import type { NodeView, NodeViewOptions } from '../dataplane/node-view.js';

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

/** How the control plane starts a node; the data plane's function, or a fake in tests. */
export type StartNodeView = (options: NodeViewOptions) => Promise<NodeView>;
