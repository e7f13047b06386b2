import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** An HTTP server of the lab's own, on 127.0.0.1 only. */
export interface LoopbackServer {
  readonly port: number;
  /** Stops listening and ends every connection. */
  close(): Promise<void>;
}

/** What one server does with requests, and with bytes that are none. */
export interface LoopbackHandlers {
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => void;
  readonly onMalformed: (socket: Socket) => void;
}

/** Listens on 127.0.0.1:`port` (0 = any free one); rejects when it cannot. */
export async function startLoopbackServer(port: number, handlers: LoopbackHandlers): Promise<LoopbackServer> {
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, handlers.onRequest);
  server.on('clientError', (_error, socket) => {
    if (socket.writable) handlers.onMalformed(socket as Socket);
    else socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  // A fault of one accept (too many files) must not end the lab.
  server.on('error', () => undefined);
  return { port: (server.address() as AddressInfo).port, close: () => closed(server) };
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
