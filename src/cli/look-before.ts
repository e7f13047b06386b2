import type { PreflightFinding } from '../domain/event.js';
import type { Balancer, BalancerFacts } from '../domain/ports.js';
import type { Scenario } from '../domain/scenario.js';
import { formatDuration } from '../domain/time.js';
import { probeIdle } from '../pipeline/probe/idle-probe.js';
import { preflightFindings } from '../pipeline/safety/preflight.js';
import type { IdleProbe } from '../pipeline/safety/preflight-surroundings.js';
import { realClock } from '../run/clock.js';
import { h2Findings } from '../traffic/embedded/h2-offer.js';
import { systemLookup } from '../traffic/embedded/thread-host.js';
import type { Io } from './io.js';
import { type PassLookup, requirementFindings } from './required-pass.js';

export interface Seen {
  readonly facts: BalancerFacts;
  readonly findings: readonly PreflightFinding[];
}

/** CI servers take a silent job for a hung one. */
const BEAT_MS = 20_000;
/** Past the balancer's own idle timeout, so that "still open" means longer than it. */
const PAST_IDLE_MS = 500;

/** Asks the balancer (Describe calls only) and the targets, and judges. @throws what the balancer says against it. */
export async function lookBefore(scenario: Scenario, balancer: Balancer, lookup: PassLookup, io: Io): Promise<Seen> {
  const signal = new AbortController().signal;
  const facts = await balancer.describe(signal);
  const known = scenario.targets.filter((t) => facts.members.includes(t.instance));
  const health = await balancer.health(known, signal);
  const [idle, spoken] = await Promise.all([idleProbes(scenario, facts, io), h2Findings(scenario, systemLookup)]);
  const judged = preflightFindings(scenario, facts, health, idle);
  const findings = [...requirementFindings(scenario, lookup), ...judged, ...spoken];
  return { facts, findings };
}

/** The lab's applications are as its knobs say; there is nothing to find out. */
async function idleProbes(scenario: Scenario, facts: BalancerFacts, io: Io): Promise<readonly IdleProbe[]> {
  const meaningless = scenario.balancer.kind === 'lab' || facts.balances === 'connections';
  if (meaningless || facts.idleTimeoutMs === null) return [];
  const signal = new AbortController().signal;
  const clock = realClock(io.monotonicNs());
  const limitMs = facts.idleTimeoutMs + PAST_IDLE_MS;
  const probes = scenario.targets.flatMap(
    (target) => probeIdle(target, scenario.service, limitMs, clock, signal) ?? [],
  );
  if (probes.length === 0) return [];
  const say = () =>
    io.stderr.write(`preflight: seeing how long targets keep idle connections, up to ${formatDuration(limitMs)}\n`);
  const beat = setInterval(say, BEAT_MS);
  try {
    return await Promise.all(probes);
  } finally {
    clearInterval(beat);
  }
}
