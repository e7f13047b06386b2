import { readFileSync } from 'node:fs';
import { createServer, type TLSSocket } from 'node:tls';

const fixture = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
/** The certificate of service.test and 127.0.0.1, and what to trust for it. */
export const TLS = { key: fixture('test-key.pem'), cert: fixture('test-cert.pem') };
export const CA = TLS.cert;

const FRAME = { data: 0, headers: 1, rst: 3, settings: 4, ping: 6, goaway: 7 } as const;
const [END_STREAM, ACK, END_HEADERS] = [1, 1, 4];
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

/** One HTTP/2 connection as its server sees it, frame by frame: it can do what node:http2's server would not. */
export class RawConnection {
  readonly socket: TLSSocket;
  /** Streams opened on it so far, by id, and those the client reset, with the code. */
  readonly streams: number[] = [];
  readonly resets = new Map<number, number>();
  goawaySeen = false;

  constructor(socket: TLSSocket) {
    this.socket = socket;
  }

  ping(): void {
    this.write(FRAME.ping, 0, 0, Buffer.alloc(8));
  }

  settings(maxConcurrent?: number): void {
    const body = Buffer.alloc(maxConcurrent === undefined ? 0 : 6);
    if (maxConcurrent !== undefined) {
      body.writeUInt16BE(3, 0);
      body.writeUInt32BE(maxConcurrent, 2);
    }
    this.write(FRAME.settings, 0, 0, body);
  }

  /** A head without compression; `end` = nothing follows. */
  headers(id: number, fields: Readonly<Record<string, string>>, end = false): void {
    const block = Buffer.concat(
      Object.entries(fields).map(([name, value]) => {
        const [n, v] = [Buffer.from(name), Buffer.from(value, 'latin1')];
        return Buffer.concat([Buffer.from([0, n.length]), n, Buffer.from([v.length]), v]);
      }),
    );
    this.write(FRAME.headers, END_HEADERS | (end ? END_STREAM : 0), id, block);
  }

  data(id: number, text: string, end = false): void {
    this.write(FRAME.data, end ? END_STREAM : 0, id, Buffer.from(text));
  }

  rst(id: number, code: number): void {
    this.write(FRAME.rst, 0, id, number32(code));
  }

  goaway(lastStreamId: number, code: number): void {
    this.write(FRAME.goaway, 0, 0, Buffer.concat([number32(lastStreamId), number32(code)]));
  }

  /** A whole answer. */
  ok(id: number, body = 'ok'): void {
    this.headers(id, { ':status': '200', 'x-target': 's-1', 'x-version': '7', server: 'raw' });
    this.data(id, body, true);
  }

  write(type: number, flags: number, id: number, payload: Buffer): void {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.length, 0, 3);
    head[3] = type;
    head[4] = flags;
    head.writeUInt32BE(id, 5);
    if (this.socket.writable) this.socket.write(Buffer.concat([head, payload]));
  }
}

export interface H2Peer {
  readonly port: number;
  readonly connections: RawConnection[];
  close(): Promise<void>;
}

export interface H2PeerOptions {
  /** SETTINGS_MAX_CONCURRENT_STREAMS; absent = not said. */
  readonly maxConcurrent?: number;
  /** Says no SETTINGS by itself, not even that it has seen the client's. */
  readonly isSilent?: boolean;
  readonly alpn?: readonly string[] | null;
}

/** A server on loopback that knows HTTP/2's frames and nothing of their meaning: `stream` answers each HEADERS frame. */
export async function h2Peer(
  stream: (connection: RawConnection, id: number) => void,
  { maxConcurrent, isSilent = false, alpn = ['h2'] }: H2PeerOptions = {},
): Promise<H2Peer> {
  const connections: RawConnection[] = [];
  const server = createServer({ ...TLS, ...(alpn === null ? {} : { ALPNProtocols: [...alpn] }) }, (socket) => {
    const connection = new RawConnection(socket);
    connections.push(connection);
    socket.setNoDelay();
    socket.on('error', () => socket.destroy());
    if (!isSilent) connection.settings(maxConcurrent);
    let bytes = Buffer.alloc(0);
    let atPreface = true;
    socket.on('data', (data: Buffer) => {
      bytes = Buffer.concat([bytes, data]);
      if (atPreface && bytes.length < PREFACE.length) return;
      if (atPreface) bytes = bytes.subarray(PREFACE.length);
      atPreface = false;
      while (bytes.length >= 9 && bytes.length >= 9 + bytes.readUIntBE(0, 3)) {
        const length = 9 + bytes.readUIntBE(0, 3);
        frame(connection, bytes.subarray(0, length), stream, isSilent);
        bytes = bytes.subarray(length);
      }
    });
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    connections,
    close: () =>
      new Promise<void>((resolve) => {
        for (const { socket } of connections) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function frame(
  connection: RawConnection,
  bytes: Buffer,
  stream: (connection: RawConnection, id: number) => void,
  isSilent: boolean,
): void {
  const [type, flags, id] = [bytes[3], bytes[4]!, bytes.readUInt32BE(5) & 0x7fffffff];
  if (type === FRAME.settings && (flags & ACK) === 0 && !isSilent)
    connection.write(FRAME.settings, ACK, 0, Buffer.alloc(0));
  else if (type === FRAME.ping && (flags & ACK) === 0) connection.write(FRAME.ping, ACK, 0, bytes.subarray(9));
  else if (type === FRAME.rst) connection.resets.set(id, bytes.readUInt32BE(9));
  else if (type === FRAME.goaway) connection.goawaySeen = true;
  else if (type === FRAME.headers) {
    connection.streams.push(id);
    stream(connection, id);
  }
}

function number32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
