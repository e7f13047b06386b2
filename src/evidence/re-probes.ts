import type { RunEventOf } from '../domain/event.js';
import type { RunFacts } from '../domain/evidence.js';
import type { Outage, ReProbeCounts } from '../domain/outage.js';
import { classifyOutcome } from './classify-outcome.js';
import { eventsOf } from './event-queries.js';
import { type JudgedSamples, mergedSpans } from './judged-samples.js';
import { ruleOfRequest } from './request-rules.js';

type ReProbe = RunEventOf<'re-probe'>;

/**
 * What new connections to the same node showed right after failures on kept ones, laid to the outages these belong to.
 * Facts for the reader and for the attribution's words: they are no samples and count in no figure of the verdict.
 */
export function withReProbes(
  outages: readonly Outage[],
  outageOf: ReadonlyMap<number, number>,
  { table }: JudgedSamples,
  facts: RunFacts,
): readonly Outage[] {
  const byFailure = new Map(eventsOf(facts.events, 're-probe').map((probe) => [keyOf(probe.source, probe.seq), probe]));
  if (byFailure.size === 0) return outages;
  const probesOf = new Map<number, ReProbe[]>();
  for (const [row, outage] of outageOf) {
    const source = table.source.values[table.source.codes.at(row)] ?? '';
    const probe = byFailure.get(keyOf(source, table.seq.at(row)));
    if (probe !== undefined) probesOf.set(outage, [...(probesOf.get(outage) ?? []), probe]);
  }
  return outages.map((outage) => {
    const counts = countsOf(probesOf.get(outage.index) ?? [], facts);
    return counts === null ? outage : { ...outage, reProbes: counts };
  });
}

/** Null when none says anything: cut, unknown, or a failure a stall of the generator may have faked. */
function countsOf(probes: readonly ReProbe[], facts: RunFacts): ReProbeCounts | null {
  const { service, policy } = facts.header.scenario;
  const stalls = mergedSpans(eventsOf(facts.events, 'stall'));
  let worked = 0;
  let failed = 0;
  let soonestMs: number | null = null;
  for (const probe of probes) {
    const outcome = classifyOutcome(
      {
        code: probe.error,
        phase: probe.errorPhase,
        status: probe.status === 0 ? null : probe.status,
        statusText: null,
        server: null,
        complete: true,
        bodyOk: probe.bodyOk >= 2 ? null : probe.bodyOk === 1,
        target: probe.target,
      },
      { ...ruleOfRequest(service, probe.request), dns: policy.dns, stampCoverage: 0 },
    );
    const isForged = outcome.forgeable && stalls.some((s) => s.from <= probe.endedAt && s.to >= probe.sentAt);
    if (!outcome.admissible || isForged) continue;
    if (outcome.failed) failed++;
    else {
      worked++;
      soonestMs = Math.min(soonestMs ?? Number.POSITIVE_INFINITY, probe.endedAt - probe.failedAt);
    }
  }
  return worked + failed === 0 ? null : { worked, failed, soonestMs };
}

function keyOf(source: string, seq: number): string {
  return `${seq} ${source}`;
}
