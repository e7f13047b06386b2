import { isIP } from 'node:net';
import { RollproofError } from '../../domain/errors.js';
import type { Instant } from '../../domain/time.js';
import type { UniformAt } from '../random.js';

/** One place to connect to. */
export interface Address {
  readonly ip: string;
  readonly port: number;
  readonly family: 4 | 6;
}

/** Asks the system's resolver for every address of a host; exactly one of the two results is null. */
export type Lookup = (host: string, done: (errorCode: string | null, ips: readonly string[] | null) => void) => void;

const REFRESH_MS = 1000;
const RETRY_MS = 100;

/**
 * Where the service is, asked again every second in the background so that a load balancer's nodes that come and go
 * are followed, and so that no arrival ever waits for a look-up but the very first ones.
 *
 * The last finished look-up decides: when it failed, new connections fail with its code (as a client without a cache
 * would see it) until one succeeds, tried every 100 ms. A look-up that hangs longer than the request timeout counts as
 * EAI_AGAIN. IPv6 addresses are used only when there are no IPv4 ones. Addresses given by `resolve` replace DNS.
 */
export class AddressBook {
  readonly #host: string;
  readonly #port: number;
  readonly #lookup: Lookup | null;
  readonly #pickAt: UniformAt;
  readonly #patienceMs: number;
  readonly #settled: () => void;
  #addresses: readonly Address[] = [];
  #failure: string | null = null;
  #asking = false;
  #askedAt: Instant = 0;
  #nextAt: Instant = Number.NEGATIVE_INFINITY;

  constructor(options: {
    readonly url: URL;
    readonly resolve: Readonly<Record<string, readonly string[]>>;
    readonly lookup: Lookup;
    readonly pickAt: UniformAt;
    readonly patienceMs: number;
    /** Called after every finished look-up: arrivals that waited for the first one go on. */
    readonly settled: () => void;
  }) {
    this.#host = options.url.hostname.replace(/^\[|\]$/g, '');
    this.#port = portOf(options.url);
    this.#pickAt = options.pickAt;
    this.#patienceMs = options.patienceMs;
    this.#settled = options.settled;
    const given = givenAddresses(options.url, options.resolve);
    if (given.length > 0) this.#addresses = given;
    else if (isIP(this.#host) !== 0) this.#addresses = [addressOf(this.#host, this.#port)];
    this.#lookup = this.#addresses.length > 0 ? null : options.lookup;
  }

  /** The resolver's code when the last look-up failed, else null. */
  get failure(): string | null {
    return this.#failure;
  }

  /** An address for arrival `k`, drawn at random; null = the first look-up is still under way, or the last one failed. */
  pick(k: number): Address | null {
    if (this.#failure !== null) return null;
    return this.#addresses[Math.floor(this.#pickAt(k) * this.#addresses.length)] ?? null;
  }

  /** Starts a look-up when one is due; cheap enough to be called at every wake-up. */
  refresh(now: Instant): void {
    if (this.#lookup === null) return;
    if (this.#asking) {
      if (this.#failure === null && now - this.#askedAt > this.#patienceMs) this.#settle('EAI_AGAIN', null);
      return;
    }
    if (now < this.#nextAt) return;
    this.#asking = true;
    this.#askedAt = now;
    this.#nextAt = now + REFRESH_MS;
    this.#lookup(this.#host, (errorCode, ips) => {
      this.#asking = false;
      if (errorCode !== null) this.#nextAt = this.#askedAt + RETRY_MS;
      this.#settle(errorCode, ips);
    });
  }

  #settle(errorCode: string | null, ips: readonly string[] | null): void {
    const v4 = (ips ?? []).filter((ip) => isIP(ip) === 4);
    const usable = v4.length > 0 ? v4 : (ips ?? []).filter((ip) => isIP(ip) === 6);
    this.#failure = errorCode ?? (usable.length === 0 ? 'ENOTFOUND' : null);
    if (this.#failure === null) this.#addresses = usable.map((ip) => addressOf(ip, this.#port));
    this.#settled();
  }
}

/** What `traffic.resolve` says of the URL's host; empty = ask DNS. Throws SCENARIO_INVALID for what is no address. */
export function givenAddresses(url: URL, resolve: Readonly<Record<string, readonly string[]>>): readonly Address[] {
  const name = url.hostname.replace(/^\[|\]$/g, '');
  const given = Object.entries(resolve).find(([host]) => host.toLowerCase() === name)?.[1] ?? [];
  return given.map((text) => parseAddress(text, portOf(url)));
}

/** The port a URL means. */
export function portOf(url: URL): number {
  return Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
}

/** `ip`, `ip:port`, `[ipv6]` or `[ipv6]:port`. */
function parseAddress(text: string, defaultPort: number): Address {
  if (isIP(text) !== 0) return addressOf(text, defaultPort);
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text);
  const ip = match?.[1] ?? match?.[2] ?? '';
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  if (isIP(ip) === 0 || port < 1 || port > 65_535) {
    throw new RollproofError('SCENARIO_INVALID', `traffic.resolve: ${JSON.stringify(text)} is not ip or ip:port`);
  }
  return addressOf(ip, port);
}

/** An address by its parts. */
export function addressOf(ip: string, port: number): Address {
  return { ip, port, family: isIP(ip) === 6 ? 6 : 4 };
}
