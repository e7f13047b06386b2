import { join } from 'node:path';
import type { ListenerCertificate } from './dataplane/listener.js';
import type { NodeGroupRequest } from './elb/account.js';
import type { ListenerProtocol, NodeView, NodeViewOptions, StartNodeView } from './elb/node-view-port.js';

/** Tries at finding one port that is free on every address. */
const PORT_TRIES = 20;

/** The nodes of one balancer. */
export interface NodeGroup {
  readonly views: readonly NodeView[];
  /** Set when the nodes could not have addresses of their own. */
  readonly note: string | null;
}

/** What all nodes of the lab share. */
export interface NodeTraits
  extends Pick<
    NodeViewOptions,
    'connectRetries' | 'preopen' | 'surgeQueue' | 'backendMaxConns' | 'connectionTermination' | 'faults' | 'onFault'
  > {
  /** Another data plane than that of the balancer's kind; absent = its own. */
  readonly flavour?: NodeViewOptions['flavour'];
  /** For the listeners that end TLS. */
  readonly certificate: ListenerCertificate;
  /** Where each node writes `<balancer>_node-<n>.log`; absent = no access logs. */
  readonly accessLogDir?: string;
  /** The last node takes no new connections from this long after its start; 0 or absent = it stays. */
  readonly lastNodeLeavesMs?: number;
}

/**
 * Starts a balancer's nodes like the real one's: an address each (127.0.0.2, 127.0.0.3, …), one port for all. Where
 * only 127.0.0.1 can be bound (macOS, by default) they get a port each and the note says so.
 * @param label goes into the nodes' names, from which they take the moments of their health checks.
 */
export async function startNodeGroup(
  start: StartNodeView,
  traits: NodeTraits,
  request: NodeGroupRequest,
  label: string,
): Promise<NodeGroup> {
  const { accessLogDir: _dir, lastNodeLeavesMs = 0, ...shared } = traits;
  const startAt = (index: number, host: string, port: number): Promise<NodeView> =>
    start({
      ...shared,
      faults: { ...shared.faults, leavesMs: index === request.count - 1 ? lastNodeLeavesMs : 0 },
      ...accessLogOf(traits, request, index),
      name: `${request.name}/node-${index + 1}/${label}`,
      host,
      port,
      flavour: traits.flavour ?? request.flavour,
      listener: DATA_PLANE_LISTENER[request.listener.protocol],
      idleTimeoutMs: request.idleTimeoutMs,
      health: request.health,
      onHealthChange: request.onHealthChange,
    });
  // A port that is taken or reserved to root becomes any free one: who needs to know asks which.
  let wantedPort = request.listener.port;
  for (let attempt = 1; ; attempt++) {
    try {
      return { views: await onOwnAddresses(request.count, wantedPort, startAt), note: null };
    } catch (cause) {
      const code = codeOf(cause);
      const portFault = code === 'EADDRINUSE' || (code === 'EACCES' && wantedPort !== 0);
      wantedPort = 0;
      if (portFault && attempt < PORT_TRIES) continue;
      if (code !== 'EADDRNOTAVAIL' && code !== 'EACCES') throw cause;
      const note = `addresses 127.0.0.2 and up cannot be used here (${code}): the nodes share 127.0.0.1, a port each`;
      return { views: await startAllOrNone(request.count, (index) => startAt(index, '127.0.0.1', 0)), note };
    }
  }
}

const DATA_PLANE_LISTENER: Readonly<Record<ListenerProtocol, NonNullable<NodeViewOptions['listener']>>> = {
  HTTP: 'http',
  HTTPS: 'https',
  TCP: 'tcp',
  SSL: 'ssl',
  TLS: 'ssl',
};

function accessLogOf(
  { accessLogDir }: NodeTraits,
  { name }: NodeGroupRequest,
  index: number,
): Pick<NodeViewOptions, 'accessLog'> {
  if (accessLogDir === undefined) return {};
  return { accessLog: { file: join(accessLogDir, `${name}_node-${index + 1}.log`), balancer: name } };
}

function onOwnAddresses(
  count: number,
  wantedPort: number,
  startAt: (index: number, host: string, port: number) => Promise<NodeView>,
): Promise<readonly NodeView[]> {
  let port = wantedPort;
  return startAllOrNone(count, async (index) => {
    const view = await startAt(index, `127.0.0.${index + 2}`, port);
    port = view.port;
    return view;
  });
}

/** Starts one after the other; when one fails, those before it are closed. */
async function startAllOrNone(
  count: number,
  startOne: (index: number) => Promise<NodeView>,
): Promise<readonly NodeView[]> {
  const views: NodeView[] = [];
  try {
    for (let index = 0; index < count; index++) views.push(await startOne(index));
  } catch (cause) {
    await Promise.all(views.map((view) => view.close()));
    throw cause;
  }
  return views;
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
}
