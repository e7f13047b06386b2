import { isIP } from 'node:net';
import { RollproofError } from '../../domain/errors.js';
import type { Workload } from '../../domain/ports.js';
import { type Address, addressOf, givenAddresses, type Lookup, portOf } from './address-book.js';
import { serviceUrl } from './request.js';
import { h2SocketOpener, type OpenH2Socket } from './sockets.js';
import type { TlsMaterial } from './tls-material.js';

const PATIENCE_MS = 5000;
const NO_COMMON_PROTOCOL = 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL';

/**
 * Offers HTTP/2 to every address of the service, once, before any traffic: with a peer that does not speak it, all of lane h2
 * would fail, deploy or not. An address that cannot be reached says nothing here.
 * @throws RollproofError PREFLIGHT_REFUSED: some address makes TLS and does not choose HTTP/2.
 */
export async function offerH2({ service, traffic }: Workload, tls: TlsMaterial, lookup: Lookup): Promise<void> {
  const url = serviceUrl(service.url);
  const open = h2SocketOpener(url, traffic.tls, tls);
  if (open === null) return;
  const addresses = await addressesOf(url, givenAddresses(url, traffic.resolve), lookup);
  const patienceMs = Math.min(PATIENCE_MS, traffic.timeoutMs);
  const chosen = await Promise.all(addresses.map((address) => isRefused(open, address, patienceMs)));
  const without = addresses.filter((_, i) => chosen[i] === true).map(({ ip, port }) => `${ip} port ${port}`);
  if (without.length === 0) return;
  throw new RollproofError('PREFLIGHT_REFUSED', `lane h2: ${without.join(', ')} does not choose HTTP/2`, {
    hint: 'Enable HTTP/2 on its TLS listener (ALPN h2), or set traffic.lanes.h2: 0. Nothing was sent.',
  });
}

function addressesOf(url: URL, given: readonly Address[], lookup: Lookup): Promise<readonly Address[]> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (given.length > 0) return Promise.resolve(given);
  if (isIP(host) !== 0) return Promise.resolve([addressOf(host, portOf(url))]);
  return new Promise((resolve) => {
    lookup(host, (_error, ips) => resolve((ips ?? []).map((ip) => addressOf(ip, portOf(url)))));
  });
}

function isRefused(open: OpenH2Socket, address: Address, patienceMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = open(address);
    const tell = (refused: boolean) => {
      socket.destroy();
      resolve(refused);
    };
    socket.setTimeout(patienceMs, () => tell(false));
    socket.on('error', (error: NodeJS.ErrnoException) => tell(error.code === NO_COMMON_PROTOCOL));
    socket.on('secureConnect', () => tell(socket.alpnProtocol !== 'h2'));
    socket.on('close', () => tell(false));
  });
}
