import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

/** One request as a peer saw it. */
export interface SeenRequest {
  readonly text: string;
  readonly seq: number;
  /** 1 = first on its connection. */
  readonly use: number;
}

/** A raw server on loopback: `answer` does what it likes with the socket. Every request is remembered. */
export interface Peer {
  readonly port: number;
  readonly seen: SeenRequest[];
  /** What was asked again on purpose: it has no number. */
  readonly again: SeenRequest[];
  close(): Promise<void>;
}

export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nServer: raw\r\nX-Target: s-1\r\nX-Version: 7\r\n\r\nok';

export async function peer(
  answer: (socket: Socket, request: SeenRequest) => void,
  tls?: TlsOptions,
  host = '127.0.0.1',
): Promise<Peer> {
  const seen: SeenRequest[] = [];
  const again: SeenRequest[] = [];
  const sockets = new Set<Socket>();
  const serve = (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    let text = '';
    let use = 0;
    socket.on('data', (data: Buffer) => {
      text += data.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const length = Number(/content-length: (\d+)/i.exec(text.slice(0, end))?.[1] ?? 0);
        if (text.length < end + 4 + length) return;
        const whole = text.slice(0, end + 4 + length);
        text = text.slice(end + 4 + length);
        const seq = /\r\nX-Rollproof-Seq: (\d+)/.exec(whole.slice(0, end))?.[1];
        const request = { text: whole, seq: Number(seq ?? Number.NaN), use: ++use };
        if (seq === undefined) again.push(request);
        else seen.push(request);
        answer(socket, request);
      }
    });
  };
  const server: Server = tls === undefined ? createServer({ noDelay: true }, serve) : createTlsServer(tls, serve);
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    seen,
    again,
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** Answers and closes when asked to, as an HTTP server does. */
export function answerOk(socket: Socket, request: SeenRequest, text = OK): void {
  if (request.text.includes('Connection: close')) socket.end(text, 'latin1');
  else socket.write(text, 'latin1');
}
