import { readdirSync, readFileSync, statSync } from 'node:fs';
import type { GeneratorLimits, Usage } from '../../domain/event.js';

/** Text of a file of the system, and how many files this process holds open; both throw where the system has none. */
export interface SystemFiles {
  readonly text: (path: string) => string;
  readonly openFiles: () => number;
}

/** Linux's own. Since 6.2 the size of the folder is the count; before, its entries have to be counted. */
export const linuxFiles: SystemFiles = {
  text: (path) => readFileSync(path, 'latin1'),
  openFiles: () => statSync('/proc/self/fd').size || readdirSync('/proc/self/fd').length,
};

/**
 * Ephemeral ports and file descriptors that are taken, of how many there may be: whoever runs out of them measures
 * nothing. To be asked once a second, so it reads a few short files and never the list of sockets, which is megabytes
 * where it matters. Null where the system does not tell (not Linux). The limits are read once.
 */
export function limitsReader(system: SystemFiles): () => GeneratorLimits {
  const portRange = known(() => rangeOf(system.text('/proc/sys/net/ipv4/ip_local_port_range')));
  const maxFiles = known(() => maxFilesOf(system.text('/proc/self/limits')));
  return () => ({
    ports: usage(portRange, () => socketsOf(system)),
    files: usage(maxFiles, system.openFiles),
  });
}

function usage(limit: number | null, count: () => number): Usage | null {
  const inUse = limit === null ? null : known(count);
  return inUse === null || limit === null ? null : { inUse, limit };
}

/** Null where there is no such file, or nothing readable in it. */
function known(read: () => number): number | null {
  try {
    const value = read();
    return Number.isFinite(value) ? value : null;
  } catch {
    return null;
  }
}

function rangeOf(text: string): number {
  const [low, high] = text.trim().split(/\s+/).map(Number);
  return (high ?? Number.NaN) - (low ?? Number.NaN) + 1;
}

/** The soft limit: what `open` is refused for. */
function maxFilesOf(text: string): number {
  return Number(/^Max open files\s+(\d+)/m.exec(text)?.[1]);
}

/**
 * Every TCP socket of the network namespace, those in TIME_WAIT too (one count for both families): no fewer than the
 * ports taken, for listening and accepted sockets are in it, and ports may be shared between destinations.
 */
function socketsOf({ text }: SystemFiles): number {
  const [, inUse, waiting] = /^TCP: inuse (\d+) .*\btw (\d+)/m.exec(text('/proc/net/sockstat')) ?? [];
  const six = known(() => Number(/^TCP6: inuse (\d+)/m.exec(text('/proc/net/sockstat6'))?.[1]));
  return Number(inUse) + Number(waiting) + (six ?? 0);
}
