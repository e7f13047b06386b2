import { connect, createServer, type Server, type Socket } from 'node:net';
import {
  type BackendHealth,
  type NodeHealthCheck,
  type NodeView,
  type NodeViewDeps,
  type NodeViewOptions,
  startNodeView,
} from '../../../src/lab/dataplane/node-view.js';

/** Everything a test opened, closed again by `closeAll` in the order it came. */
const opened: (() => Promise<void> | void)[] = [];

export async function closeAll(): Promise<void> {
  for (const close of opened.splice(0)) await close();
}

/** Waits for a condition that real sockets bring about; fails loudly after 5 s. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`timed out waiting until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export interface ScriptedBackend {
  readonly port: number;
  /** Requests seen, one string of raw bytes per connection. */
  readonly received: string[];
  readonly sockets: Set<Socket>;
  readonly connections: number;
  close(): Promise<void>;
}

export type Handler = (socket: Socket, soFar: string, chunk: Buffer) => void;

/** A TCP server that does what the test says with every chunk of bytes; health checks (GET /hc) are answered 200. */
export async function startBackend(handle: Handler, port = 0, allowHalfOpen = false): Promise<ScriptedBackend> {
  const received: string[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server: Server = createServer({ noDelay: true, allowHalfOpen }, (socket) => {
    let at = -1;
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    connections++;
    socket.on('data', (chunk) => {
      const text = chunk.toString('latin1');
      if (at < 0 && text.startsWith('GET /hc')) {
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
        return;
      }
      if (at < 0) at = received.push('') - 1;
      received[at] += text;
      handle(socket, received[at]!, chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  const close = () =>
    new Promise<void>((resolve) => {
      for (const socket of sockets) socket.destroy();
      server.close(() => resolve());
    });
  opened.push(close);
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    received,
    sockets,
    get connections() {
      return connections;
    },
    close,
  };
}

export function ok(body = 'ok\n', extra = ''): string {
  return `HTTP/1.1 200 OK\r\n${extra}Content-Length: ${body.length}\r\n\r\n${body}`;
}

/** Answers every complete body-less request. */
export function answering(response: string): Handler {
  return (socket, _soFar, chunk) => {
    for (const _end of chunk.toString('latin1').matchAll(/\r\n\r\n/g)) socket.write(response, 'latin1');
  };
}

export const TCP_CHECK: NodeHealthCheck = {
  kind: 'tcp',
  path: '/',
  intervalMs: 60_000,
  timeoutMs: 1_000,
  unhealthyThreshold: 2,
  healthyThreshold: 2,
  initialChecks: 1,
};
export const HTTP_CHECK: NodeHealthCheck = { ...TCP_CHECK, kind: 'http', path: '/hc' };

export interface TestNode {
  readonly view: NodeView;
  readonly changes: [string, BackendHealth][];
  addHealthy(instanceId: string, port: number): Promise<void>;
}

export async function startNode(
  options: Partial<NodeViewOptions> = {},
  deps: Partial<NodeViewDeps> = {},
): Promise<TestNode> {
  const changes: [string, BackendHealth][] = [];
  const view = await startNodeView(
    {
      name: 'node-1',
      host: '127.0.0.1',
      port: 0,
      flavour: 'clb',
      connectRetries: 2,
      preopen: 0,
      idleTimeoutMs: 10_000,
      surgeQueue: 1_024,
      health: HTTP_CHECK,
      onHealthChange: (instanceId, state) => changes.push([instanceId, state]),
      ...options,
    },
    deps,
  );
  opened.push(() => view.close());
  return {
    view,
    changes,
    async addHealthy(instanceId, port) {
      view.add({ instanceId, host: '127.0.0.1', port });
      await until(`${instanceId} is healthy`, () => view.health(instanceId) === 'healthy');
    },
  };
}

export interface RawClient {
  readonly socket: Socket;
  /** Everything received so far, as latin1. */
  text(): string;
  send(data: string | Buffer): void;
  /** Waits until the received text fulfils the condition. */
  sees(what: string, holds: (text: string) => boolean): Promise<string>;
  /** Waits for the end of the connection and returns all bytes. */
  ended(): Promise<string>;
  readonly closed: boolean;
  readonly errorCode: string | null;
}

export function openClient(port: number): RawClient {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true });
  const chunks: Buffer[] = [];
  let closed = false;
  let errorCode: string | null = null;
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('end', () => {
    closed = true;
    socket.end();
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    errorCode = error.code ?? 'unknown';
  });
  socket.on('close', () => {
    closed = true;
  });
  opened.unshift(() => void socket.destroy());
  const text = () => Buffer.concat(chunks).toString('latin1');
  return {
    socket,
    text,
    send: (data) => void (typeof data === 'string' ? socket.write(data, 'latin1') : socket.write(data)),
    async sees(what, holds) {
      await until(`the client sees ${what}`, () => holds(text()));
      return text();
    },
    async ended() {
      await until('the connection has ended', () => closed);
      return text();
    },
    get closed() {
      return closed;
    },
    get errorCode() {
      return errorCode;
    },
  };
}

export const GET = 'GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n';

/** One request on a connection of its own that ends after it. */
export async function exchange(port: number, request: string): Promise<string> {
  const client = openClient(port);
  client.send(request);
  return client.ended();
}

export const CLB_503 =
  'HTTP/1.1 503 Service Unavailable: Back-end server is at capacity\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n';
export const CLB_504 = 'HTTP/1.1 504 GATEWAY_TIMEOUT\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n';
export const CLB_502 = 'HTTP/1.1 502 BAD_GATEWAY\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n';
export const CLB_400 = 'HTTP/1.1 400 BAD_REQUEST\r\nContent-Length: 0\r\nConnection: Close\r\n\r\n';
export const CLB_405 = 'HTTP/1.1 405 METHOD_NOT_ALLOWED\r\nContent-Length: 0\r\nConnection: Close\r\n\r\n';
export const CLB_408 = 'HTTP/1.1 408 REQUEST_TIMEOUT\r\nContent-Length:0\r\nConnection: Close\r\n\r\n';

/** A port of this machine that refuses connections: it was bound and released. */
export async function refusedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
