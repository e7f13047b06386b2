import { createServer, type Socket } from 'node:net';
import type { Address } from './address-book.js';
import { type OpenSocket, type SocketEvents, socketOpener } from './sockets.js';
import { NO_MATERIAL } from './tls-material.js';

/** Something that answers whatever the service under test does, and the way to it. */
export interface ControlTarget {
  /** Begins to listen and tells once where, or why it cannot; exactly one of the two is null. */
  readonly listen: (told: (error: string | null, address: Address | null) => void) => void;
  readonly opener: (events: SocketEvents) => OpenSocket;
  /** Stops listening and cuts what is open; nothing is told afterwards. */
  readonly close: () => void;
}

const HOST = '127.0.0.1';
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

/**
 * A server on the calling thread, on a port of the system's choice. It answers the first bytes of a connection and
 * closes, so that the port of a closed connection is its own to keep, not the client's. Never keeps the thread alive.
 */
export function loopbackTarget(): ControlTarget {
  const open = new Set<Socket>();
  let closed = false;
  const server = createServer({ noDelay: true }, (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.once('data', () => socket.end(ANSWER, 'latin1'));
    socket.unref();
  });
  return {
    listen: (told) => {
      let settled = false;
      const tell: typeof told = (error, address) => {
        // Once it listens, an error is one of accepting (no descriptor left): the probe it belongs to fails by itself.
        if (!settled && !closed) told(error, address);
        settled = true;
        if (closed) server.close();
      };
      server.on('error', (error: NodeJS.ErrnoException) => tell(error.code ?? error.message, null));
      server.listen(0, HOST, () => {
        const { port } = server.address() as { port: number };
        tell(null, { ip: HOST, port, family: 4 });
      });
      server.unref();
    },
    opener: (events) =>
      socketOpener(
        new URL(`http://${HOST}/`),
        { caFile: null, serverName: null, insecure: false },
        NO_MATERIAL,
        events,
      ),
    close: () => {
      closed = true;
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
