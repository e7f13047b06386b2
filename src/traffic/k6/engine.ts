import { fileURLToPath } from 'node:url';
import { replayedByGo } from '../../domain/lane-sight.js';
import type { EngineCapabilities, TrafficEngine, Workload } from '../../domain/ports.js';
import type { Scenario } from '../../domain/scenario.js';
import { heardEveryMs } from '../foreign/engine-pulse.js';
import type { ProcessHost } from '../foreign/process-host.js';
import { runSegments } from '../segment-run.js';
import { segmentsOf } from '../segments.js';
import { K6Process } from './k6-process.js';
import { K6Run } from './k6-run.js';
import { findK6 } from './k6-tool.js';
import { probePlans } from './probe-plan.js';

/** The probe as it is shipped: k6 strips the types itself. */
const PROBE = fileURLToPath(new URL('../../../scenarios/k6/probe.ts', import.meta.url));

const LIMITS = [
  'k6 does not say when an arrival was meant to be sent, only when its iteration began: lateness is that of the script',
  'k6 stamps starts of failed dials in whole milliseconds',
  'there is no control target: a fault of this machine’s network looks like one of the service',
];
const NO_REUSE =
  'lane reuse is not run, its arrivals go to lane new: Go silently re-sends such requests when a kept-alive connection dies, so k6 would report success; nothing is claimed about kept-alive connections';

/**
 * k6 v2 as traffic engine: `scenarios/k6/probe.ts` in one process per kind of connection, rows read live from its CSV
 * output. k6's exit code is never believed; the rows are. A plan in segments has these processes once for each: k6 stripes
 * the arrivals itself and numbers them over all segments.
 * @param vouched see `probePlans`.
 * @throws RollproofError TOOL_MISSING when there is no k6 v2.
 */
export async function k6Engine(
  scenario: Pick<Scenario, 'service' | 'traffic'>,
  host: ProcessHost,
  vouched = true,
): Promise<TrafficEngine> {
  const tool = await findK6(host);
  const segments = segmentsOf(scenario.traffic.segments ?? 1);
  let ready: Promise<readonly (readonly K6Process[])[]> | null = null;
  const start = async (workload: Workload) => {
    const plans = probePlans(workload, vouched);
    const started = await Promise.allSettled(
      segments.flatMap((segment) =>
        plans.map((plan) =>
          K6Process.atBarrier(
            {
              program: tool.program,
              script: PROBE,
              env: { ROLLPROOF_PROBE: JSON.stringify(plan), ...caEnv(workload) },
              systemTags: 'scenario',
              segment,
            },
            host,
          ),
        ),
      ),
    );
    const processes = started.flatMap((s) => (s.status === 'fulfilled' ? [s.value] : []));
    const failed = started.find((s) => s.status === 'rejected');
    if (failed !== undefined) {
      await Promise.all(processes.map((one) => one.stop(host)));
      throw failed.reason;
    }
    return segments.map((_, i) => processes.slice(i * plans.length, (i + 1) * plans.length));
  };
  return {
    capabilities: capabilitiesOf(scenario),
    tools: { k6: tool.version },
    async prepare(workload) {
      ready = start(workload);
      await ready;
    },
    async run(workload, sinks, signal) {
      const processes = await (ready ?? start(workload));
      ready = null;
      const plans = probePlans(workload, vouched);
      return runSegments(segments, workload, sinks, signal, (part, partSinks, stop, i) =>
        new K6Run(part, partSinks, host, plans, processes[i]!).run(stop),
      );
    },
  };
}

function capabilitiesOf({ service, traffic }: Pick<Scenario, 'service' | 'traffic'>): EngineCapabilities {
  const hides = replayedByGo(service) !== null;
  return {
    name: 'k6',
    seesResetsOnReuse: !hides,
    knowsScheduledTime: false,
    healthEveryMs: heardEveryMs({ ...traffic, ratePerSecond: traffic.ratePerSecond / (traffic.segments ?? 1) }),
    hasControl: false,
    segments: traffic.segments ?? 1,
    limits: hides ? [NO_REUSE, ...LIMITS] : LIMITS,
  };
}

/** Go takes its trusted certificates from here; an empty directory keeps the system's own out. */
function caEnv({ traffic }: Workload): Record<string, string> {
  const { caFile } = traffic.tls;
  return caFile === null ? {} : { SSL_CERT_FILE: caFile, SSL_CERT_DIR: '/nonexistent' };
}
