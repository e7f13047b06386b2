import { connect, isIP, type NetConnectOpts, type Socket } from 'node:net';
import {
  type ConnectionOptions,
  checkServerIdentity,
  createSecureContext,
  type TLSSocket,
  connect as tlsConnect,
} from 'node:tls';
import type { TlsSettings } from '../../domain/scenario.js';
import type { Address } from './address-book.js';
import type { Connection } from './connection.js';
import { contextOptions, type TlsMaterial } from './tls-material.js';

/** What sockets tell their client. Each call names the connection it is about. */
export interface SocketEvents {
  /** The TCP handshake is done; with TLS `secured` follows. */
  connected(connection: Connection): void;
  /** Requests may be written. */
  secured(connection: Connection): void;
  /** `bytes[0, length)`; the memory is shared by all sockets and must be used before returning. */
  data(connection: Connection, bytes: Uint8Array, length: number): void;
  /** The peer sent its FIN. */
  ended(connection: Connection): void;
  failed(connection: Connection, error: NodeJS.ErrnoException): void;
  closed(connection: Connection): void;
}

/** Opens a socket for a connection; events follow, never before this returns. */
export type OpenSocket = (connection: Connection, address: Address) => Socket;

const READ_BUFFER_BYTES = 256 * 1024;
const OWNER: unique symbol = Symbol('connection');
type OwnedSocket = Socket & { [OWNER]?: Connection };

/**
 * Sockets that read into one shared buffer (`onread`), so that receiving allocates nothing, with one set of handlers
 * for all of them: the connection hangs on the socket, no closure is made per request or per socket.
 */
export function socketOpener(url: URL, tls: TlsSettings, material: TlsMaterial, events: SocketEvents): OpenSocket {
  const handlers = sharedHandlers(events);
  const onread = { buffer: Buffer.alloc(READ_BUFFER_BYTES), callback: handlers.read };
  const base = { noDelay: true, autoSelectFamily: false, onread };
  const secure = url.protocol === 'https:' ? tlsOptions(url, tls, material, 'http/1.1') : null;
  return (connection, address) => {
    const where = { host: address.ip, port: address.port, family: address.family };
    const socket: OwnedSocket =
      secure === null
        ? connect({ ...base, ...where } as NetConnectOpts)
        : tlsConnect({ ...base, ...where, ...secure } as ConnectionOptions);
    socket[OWNER] = connection;
    socket.on('connect', handlers.connected);
    if (secure !== null) socket.on('secureConnect', handlers.secured);
    socket.on('end', handlers.ended);
    socket.on('error', handlers.failed);
    socket.on('close', handlers.closed);
    return socket;
  };
}

function sharedHandlers(events: SocketEvents) {
  return {
    read(this: OwnedSocket, length: number, bytes: Uint8Array): boolean {
      const connection = this[OWNER];
      if (connection !== undefined) events.data(connection, bytes, length);
      return true;
    },
    connected(this: OwnedSocket): void {
      const connection = this[OWNER];
      if (connection !== undefined) events.connected(connection);
    },
    secured(this: OwnedSocket): void {
      const connection = this[OWNER];
      if (connection !== undefined) events.secured(connection);
    },
    ended(this: OwnedSocket): void {
      const connection = this[OWNER];
      if (connection !== undefined) events.ended(connection);
    },
    failed(this: OwnedSocket, error: NodeJS.ErrnoException): void {
      const connection = this[OWNER];
      if (connection !== undefined) events.failed(connection, error);
    },
    closed(this: OwnedSocket): void {
      const connection = this[OWNER];
      if (connection !== undefined) events.closed(connection);
    },
  };
}

/** Opens a TLS socket that offers HTTP/2 and nothing else; who opens it looks at what was chosen. */
export type OpenH2Socket = (address: Address) => TLSSocket;

/** Sockets for lane h2; null where the service is not reached over TLS, for the protocol is agreed on in its handshake. */
export function h2SocketOpener(url: URL, tls: TlsSettings, material: TlsMaterial): OpenH2Socket | null {
  if (url.protocol !== 'https:') return null;
  const secure = tlsOptions(url, tls, material, 'h2');
  return ({ ip: host, port, family }) =>
    tlsConnect({ ...secure, host, port, family, autoSelectFamily: false } as ConnectionOptions);
}

/** The certificate must fit the name in the URL (or `serverName`), whatever address was connected to. */
function tlsOptions(url: URL, tls: TlsSettings, material: TlsMaterial, protocol: 'h2' | 'http/1.1'): ConnectionOptions {
  const name = tls.serverName ?? url.hostname.replace(/^\[|\]$/g, '');
  return {
    secureContext: createSecureContext(contextOptions(material)),
    ALPNProtocols: [protocol],
    rejectUnauthorized: !tls.insecure,
    // An IP address is no server name (RFC 6066 §3); the certificate is checked against it all the same.
    ...(isIP(name) === 0 ? { servername: name } : {}),
    checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
  };
}
