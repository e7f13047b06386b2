import { RollproofError } from '../domain/errors.js';
import type { BalancerFacts } from '../domain/ports.js';
import type { AskHaproxy } from './haproxy-socket.js';
import type { HaproxyBackend, HaproxyServer } from './haproxy-states.js';

/** Algorithms by which one client, or one kind of request, always meets the same target. */
const PINNING = /^(source|hdr|uri|url_param|rdp-cookie|hash)/;
/** HAProxy's own numbers where a server line gives none. */
const DEFAULT_RISE = 2;
const DEFAULT_FALL = 3;

interface FactsOptions {
  readonly backend: string;
  readonly drainTimeoutMs: number;
  readonly checkIntervalMs: number | null;
}

/** What the runtime API tells of a backend. Timeouts and check intervals it does not tell. @throws RollproofError when the socket may not change anything. */
export async function haproxyFacts(
  found: HaproxyBackend,
  options: FactsOptions,
  ask: AskHaproxy,
  signal: AbortSignal,
): Promise<BalancerFacts> {
  const level = (await ask('show cli level', signal)).trim();
  if (/^(user|operator)$/.test(level))
    throw new RollproofError('BALANCER_REFUSED', `HAProxy's socket is of level ${level} and may change nothing`, {
      hint: "write 'level admin' on its 'stats socket' line",
    });
  const isIn = (server: HaproxyServer): boolean => !server.inMaint && !server.drains;
  const everything = await ask('show servers state', signal);
  return {
    kind: 'haproxy',
    name: options.backend,
    dnsName: null,
    members: found.servers.filter(isIn).map(({ name }) => name),
    outside: Object.fromEntries(found.servers.filter((each) => !isIn(each)).map((each) => [each.name, outWords(each)])),
    drainingEnabled: true,
    drainTimeoutMs: options.drainTimeoutMs,
    // `maint` sends nothing new; it cuts nothing either.
    drainEnds: false,
    idleTimeoutMs: null,
    crossZone: null,
    zones: [],
    elsewhere: elsewhereIn(everything, options.backend),
    balances: found.mode === 'tcp' ? 'connections' : 'requests',
    leaveMs: 0,
    ...checkFacts(found.servers, options.checkIntervalMs),
    cautions: cautionsOf(found),
  };
}

function outWords({ inMaint, status, weight }: HaproxyServer): string {
  if (inMaint) return `in maintenance (${status})`;
  return weight === 0 ? 'of weight 0' : `draining (${status})`;
}

/** An attached target must pass `rise` checks: the first at once, the others an interval apart. */
function checkFacts(
  servers: readonly HaproxyServer[],
  intervalMs: number | null,
): Pick<BalancerFacts, 'healthCheck' | 'joinMs'> {
  const checked = servers.filter(({ isChecked }) => isChecked);
  if (intervalMs === null || checked.length === 0) return { healthCheck: null };
  const healthyThreshold = Math.max(...checked.map(({ rise }) => rise ?? DEFAULT_RISE));
  const unhealthyThreshold = Math.max(...checked.map(({ fall }) => fall ?? DEFAULT_FALL));
  return {
    joinMs: (healthyThreshold - 1) * intervalMs,
    healthCheck: { target: 'check', intervalMs, timeoutMs: intervalMs, healthyThreshold, unhealthyThreshold },
  };
}

/** Servers of other backends at the address of one of ours, by our server's name: a detach here does not stop those. */
function elsewhereIn(everything: string, backend: string): Readonly<Record<string, readonly string[]>> {
  const lines = everything.split('\n');
  const columns = (lines.find((line) => line.startsWith('# ')) ?? '').replace('# ', '').split(' ');
  const field = (line: string, name: string): string => line.split(' ')[columns.indexOf(name)] ?? '';
  const rows = lines.filter((line) => /^\d+ /.test(line));
  const address = (line: string): string => `${field(line, 'srv_addr')}:${field(line, 'srv_port')}`;
  const isOut = (line: string): boolean => Number(field(line, 'srv_admin_state')) !== 0;
  const others = rows.filter((line) => field(line, 'be_name') !== backend && !isOut(line));
  const own = rows.filter((line) => field(line, 'be_name') === backend);
  return Object.fromEntries(
    own.flatMap((line): [string, string[]][] => {
      const same = others.filter((other) => address(other) === address(line));
      if (same.length === 0) return [];
      return [[field(line, 'srv_name'), same.map((other) => `backend ${field(other, 'be_name')}`)]];
    }),
  );
}

function cautionsOf({ servers, algorithm }: HaproxyBackend): readonly string[] {
  const named = (some: readonly HaproxyServer[]): string => some.map(({ name }) => name).join(', ');
  const unchecked = servers.filter(({ isChecked, inMaint }) => !isChecked && !inMaint);
  const sticky = servers.filter(({ hasCookie }) => hasCookie);
  return [
    ...(PINNING.test(algorithm)
      ? [
          `HAProxy balances by '${algorithm}': all requests of this run may meet one target, and the replacement of the others cannot be shown`,
        ]
      : []),
    ...(unchecked.length > 0
      ? [`HAProxy does not check ${named(unchecked)}: an attached target gets requests at once, ready or not`]
      : []),
    ...(sticky.length > 0
      ? [
          `HAProxy keeps clients with a cookie at ${named(sticky)} while it drains, until it is in maintenance; the traffic of this run brings no cookie`,
        ]
      : []),
  ];
}
