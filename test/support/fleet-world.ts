import { createServer, type Server } from 'node:http';
import type { RunEvent, RunHeader } from '../../src/domain/event.js';
import type { RunFacts } from '../../src/domain/evidence.js';
import type { Scenario } from '../../src/domain/scenario.js';
import { rowsOf } from '../runs/table-rows.js';
import { worldRun } from '../runs/world.js';

/** A deploy whose truth is known, of traffic that a fleet can fire: POST, so that k6 vouches for kept-alive connections. */
export function fleetWorld(ratePerSecond: number): RunFacts {
  const facts = worldRun({
    ratePerSecond,
    longPerSecond: 0,
    startMs: 1500,
    afterDetachMs: 600,
    afterAttachMs: 600,
    traffic: { lanes: { newWeight: 1, reuseWeight: 1, long: null }, timeoutMs: 2000 },
    policy: { slo: 0.95, fullOutageMs: 1000, targetOutageMs: 3000 },
  });
  const { scenario } = facts.header;
  const gates = { ...scenario.policy.gates, minBaseline: 50, maxStallMs: 1000, maxClockErrorMs: 300 };
  return {
    ...facts,
    header: {
      ...facts.header,
      scenario: {
        ...scenario,
        service: { ...scenario.service, method: 'POST' },
        policy: { ...scenario.policy, gates },
      },
    },
  };
}

/** How long that deploy takes, ms. */
export function lengthMs({ events }: RunFacts): number {
  return events.at(-1)?.at ?? 0;
}

/** Its journal, as if it had begun at that moment with that service. */
export function journalOf(facts: RunFacts, startedAt: Date, url: string): string {
  const scenario: Scenario = { ...facts.header.scenario, service: { ...facts.header.scenario.service, url } };
  const header: RunHeader = { ...facts.header, startedAtWall: startedAt.toISOString(), scenario };
  const lines: readonly (RunHeader | RunEvent)[] = [header, ...facts.events];
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

export interface WorldServer {
  readonly port: number;
  /** Requests it answered since its world began. */
  readonly seen: () => number;
  /** From now on it answers as the world did from its instant 0 on. */
  begin(at: Date): void;
  close(): Promise<void>;
}

/** A service that answers each request as the world answered the one nearest in time. `date` moves its clock. */
export async function worldServer(facts: RunFacts, address: string): Promise<WorldServer> {
  const rows = rowsOf(facts.samples).filter((row) => row.status === 200);
  let origin = Number.POSITIVE_INFINITY;
  let seen = 0;
  const server: Server = createServer((request, response) => {
    request.resume();
    const at = Math.max(0, Date.now() - origin);
    if (origin < Number.POSITIVE_INFINITY) seen++;
    const row = rows.find(({ scheduledAt }) => scheduledAt >= at) ?? rows.at(-1)!;
    response.setHeader('x-target', row.target ?? '');
    response.setHeader('x-version', row.version ?? '');
    response.setHeader('x-boot', row.bootId ?? '');
    response.end('ok');
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  return {
    port: (server.address() as { port: number }).port,
    seen: () => seen,
    begin: (at) => {
      origin = at.getTime();
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
