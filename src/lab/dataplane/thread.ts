import { parentPort } from 'node:worker_threads';
import { type LocalNodeView, startLocalNodeView } from './node-view.js';
import type { FromDataPlane, ToDataPlane } from './thread-protocol.js';

/**
 * Entry of the data plane's thread: all nodes of a lab, away from the API's parsing and the deploys. A fault of its own
 * ends the thread, and with it the lab: half a load balancer must not pass for a whole one.
 */
interface Node {
  readonly view: LocalNodeView;
  readonly stays: Map<string, number>;
}

const nodes = new Map<number, Node>();
const port = parentPort;
if (port === null) throw new Error('the data plane runs in a thread of the lab only');
const tell = (message: FromDataPlane): void => port.postMessage(message);

async function start(message: Extract<ToDataPlane, { kind: 'start' }>): Promise<void> {
  const stays = new Map<string, number>();
  try {
    const view = await startLocalNodeView({
      ...message.options,
      onHealthChange: (instanceId, state) => {
        const failure = nodes.get(message.node)?.view.checkFailure(instanceId) ?? null;
        tell({ kind: 'health', node: message.node, instanceId, stay: stays.get(instanceId) ?? 0, state, failure });
      },
      onFault: (cause) => tell({ kind: 'fault', message: cause.message }),
    });
    nodes.set(message.node, { view, stays });
    tell({ kind: 'started', call: message.call, host: view.host, port: view.port });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    const text = cause instanceof Error ? cause.message : String(cause);
    tell({ kind: 'refused', call: message.call, message: text, code });
  }
}

function serve(message: ToDataPlane): void {
  if (message.kind === 'start') {
    void start(message);
    return;
  }
  const node = nodes.get(message.node);
  if (node === undefined) throw new Error(`no node ${message.node}`);
  const { view, stays } = node;
  if (message.kind === 'add') {
    const { backend, stay } = message;
    stays.set(backend.instanceId, stay);
    view.add(backend);
    const cell = view.inFlightCell(backend.instanceId);
    if (cell !== null) tell({ kind: 'in-flight', node: message.node, instanceId: backend.instanceId, cell });
  } else if (message.kind === 'configure') view.configureHealth(message.check);
  else {
    const done = message.kind === 'remove' ? view.remove(message.instanceId, message.drain) : view.close();
    if (message.kind === 'close') nodes.delete(message.node);
    void done.then(() => tell({ kind: 'done', call: message.call }));
  }
}

port.on('message', serve);
