import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RollproofError } from '../../domain/errors.js';
import type { TrafficEngine, Workload } from '../../domain/ports.js';
import type { Scenario } from '../../domain/scenario.js';
import { heardEveryMs } from '../foreign/engine-pulse.js';
import type { ProcessHost } from '../foreign/process-host.js';
import { JmeterRun, type StartedJmeter, stopJmeter } from './jmeter-run.js';
import { findJmeter, type JmeterTool, javaEnv, jmeterArgv } from './jmeter-tool.js';
import { jmxPlan } from './jmx.js';

const LIMITS = [
  'JMeter’s times are whole milliseconds',
  'JMeter tries every address of a name in turn: one that refuses connections is not seen when DNS names several',
  'there is no control target: a fault of this machine’s network looks like one of the service',
];
/** A busy machine needs most of a minute to start it. */
const READY_MS = 180_000;
const POLL_MS = 100;

/**
 * JMeter 5 as traffic engine: the generated plan without a window, retries off, rows read from the growing JTL. Its exit
 * code says nothing; the rows do.
 * @throws RollproofError TOOL_MISSING when there is no JMeter 5 or no Java.
 */
export async function jmeterEngine({ traffic }: Pick<Scenario, 'traffic'>, host: ProcessHost): Promise<TrafficEngine> {
  const tool = await findJmeter(host);
  let ready: StartedJmeter | null = null;
  return {
    capabilities: {
      name: 'jmeter',
      seesResetsOnReuse: true,
      knowsScheduledTime: true,
      healthEveryMs: heardEveryMs(traffic),
      hasControl: false,
      limits: LIMITS,
    },
    tools: { jmeter: tool.version },
    async prepare(workload) {
      ready = await started(tool, workload, host);
    },
    async run(workload, sinks, signal) {
      const jmeter = ready ?? (await started(tool, workload, host));
      ready = null;
      try {
        return await new JmeterRun(workload, sinks, host, jmeter).run(signal);
      } finally {
        await stopJmeter(jmeter, host);
        rmSync(join(jmeter.files.plan, '..'), { recursive: true, force: true });
      }
    },
  };
}

/** Starts JMeter on the workload's plan and waits until its threads stand at the go file. */
async function started(tool: JmeterTool, workload: Workload, host: ProcessHost): Promise<StartedJmeter> {
  const folder = mkdtempSync(join(tmpdir(), 'rollproof-jmeter-'));
  const files = {
    plan: join(folder, 'plan.jmx'),
    results: join(folder, 'results.jtl'),
    log: join(folder, 'jmeter.log'),
    go: join(folder, 'go'),
  };
  writeFileSync(files.plan, jmxPlan(workload), { mode: 0o600 });
  const child = host.start(jmeterArgv(tool, files), { env: javaEnv(host), cwd: folder });
  let end: string | null = null;
  child.stdout?.resume();
  child.stderr?.resume();
  child.once('error', (error) => {
    end = error.message;
  });
  child.once('exit', (code, signal) => {
    end = signal === null ? `exit code ${code}` : `signal ${signal}`;
  });
  const jmeter: StartedJmeter = { child, files, ended: () => end };
  for (let waited = 0; waited < READY_MS && jmeter.ended() === null; waited += POLL_MS) {
    // The script is compiled by then, which takes seconds on a busy machine.
    if (existsSync(`${files.go}.ready`) && hasAllThreads(files.log, workload)) return jmeter;
    await host.sleep(POLL_MS);
  }
  const why = logOf(files.log).match(/^.* ERROR .*$/m)?.[0] ?? jmeter.ended() ?? 'it did not get ready';
  await stopJmeter(jmeter, host);
  rmSync(folder, { recursive: true, force: true });
  throw new RollproofError('SCENARIO_INVALID', `JMeter cannot run the generated plan: ${why.slice(0, 300)}`);
}

/** JMeter says so when a group's threads have all been started. */
function hasAllThreads(log: string, { traffic }: Workload): boolean {
  const { newWeight, reuseWeight, long } = traffic.lanes;
  const groups = [newWeight > 0, reuseWeight > 0, long !== null].filter(Boolean).length;
  return (logOf(log).match(/Started thread group number/g)?.length ?? 0) >= groups;
}

function logOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (notYet) {
    void notYet;
    return '';
  }
}
