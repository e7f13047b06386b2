import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that only this machine reaches. */
export interface LoopbackServer {
  readonly port: number;
  /** Stops listening and cuts what is open. */
  close(): Promise<void>;
}

const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
} as const;

const READS = ['GET', 'HEAD'] as const;

/**
 * Listens on 127.0.0.1 only and answers GET and HEAD only, unless told otherwise. The Host must be the loopback address itself, so that no
 * name of somebody else's can be rebound to it, and requests that a page of another site makes are refused.
 * @param options.holdsProcess false = an open server or tab never keeps the process alive.
 * @throws what listening throws, e.g. EADDRINUSE.
 */
export function startLoopback(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  options: { readonly port: number; readonly holdsProcess: boolean; readonly methods?: readonly string[] },
): Promise<LoopbackServer> {
  let port = options.port;
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    const refusal = refusalOf(request, port, options.methods ?? READS);
    if (refusal !== null) {
      sendText(response, ...refusal);
      return;
    }
    handle(request, response);
  });
  if (!options.holdsProcess) server.on('connection', (socket) => socket.unref()).unref();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', () => {
      server.off('error', reject);
      // A late fault of the listening socket costs the page, never the run.
      server.on('error', () => undefined);
      port = (server.address() as AddressInfo).port;
      resolve({ port, close: () => closed(server) });
    });
  });
}

function closed(server: ReturnType<typeof createServer>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function refusalOf(
  { method, headers }: IncomingMessage,
  port: number,
  methods: readonly string[],
): [status: number, words: string] | null {
  if (headers.host !== `127.0.0.1:${port}` && headers.host !== `localhost:${port}`)
    return [421, 'this server answers to 127.0.0.1 and localhost only'];
  const site = headers['sec-fetch-site'];
  // A link somewhere may lead here; only a page elsewhere that loads, frames or fetches must not.
  if (site === 'cross-site' && headers['sec-fetch-mode'] !== 'navigate') return [403, 'not for pages of other sites'];
  if (headers.origin !== undefined && headers.origin !== `http://${headers.host}`)
    return [403, 'not for pages of other origins'];
  return methods.includes(method ?? '') ? null : [405, `${methods.join(' and ')} only`];
}

/** A short answer in plain text. */
export function sendText(response: ServerResponse, status: number, words: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${words}\n`);
}
