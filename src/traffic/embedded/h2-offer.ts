import { isIP } from 'node:net';
import type { PreflightFinding } from '../../domain/event.js';
import type { Workload } from '../../domain/ports.js';
import { type Address, addressOf, givenAddresses, type Lookup, portOf } from './address-book.js';
import { serviceUrl } from './request.js';
import { h2SocketOpener, type OpenH2Socket } from './sockets.js';
import { tlsMaterial } from './tls-material.js';

const PATIENCE_MS = 5000;
const NO_COMMON_PROTOCOL = 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL';

/**
 * With lane h2 offers HTTP/2 to every address of the service, before any traffic: with a peer that does not speak it, all of
 * the lane would fail, deploy or not. An address that cannot be reached says nothing here.
 * @throws RollproofError SCENARIO_INVALID: the files of traffic.tls cannot be used.
 */
export async function h2Findings(
  { service, traffic }: Pick<Workload, 'service' | 'traffic'>,
  lookup: Lookup,
): Promise<readonly PreflightFinding[]> {
  if ((traffic.lanes.h2Weight ?? 0) === 0) return [];
  const url = serviceUrl(service.url);
  const open = h2SocketOpener(url, traffic.tls, await tlsMaterial(traffic.tls));
  if (open === null) return [];
  const addresses = await addressesOf(url, givenAddresses(url, traffic.resolve), lookup);
  const patienceMs = Math.min(PATIENCE_MS, traffic.timeoutMs);
  const refused = await Promise.all(addresses.map((address) => isRefused(open, address, patienceMs)));
  const without = addresses.filter((_, i) => refused[i] === true).map(({ ip, port }) => `${ip} port ${port}`);
  if (without.length === 0) return [];
  const message = `traffic.lanes.h2: ${without.join(', ')} does not choose HTTP/2, so that every request of the lane would fail`;
  const hint = 'enable HTTP/2 on the TLS listener (ALPN h2), or set traffic.lanes.h2: 0';
  return [{ id: 'h2', level: 'refused', message, hint }];
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
