import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { RollproofError } from '../../domain/errors.js';
import type { TrafficEngine, Workload } from '../../domain/ports.js';
import { givenAddresses } from '../embedded/address-book.js';
import { serviceUrl } from '../embedded/request.js';
import type { ProcessHost } from '../foreign/process-host.js';
import { findJmeter, javaEnv, jmeterArgv } from '../jmeter/jmeter-tool.js';
import { baseEnv, findK6 } from '../k6/k6-tool.js';
import { type OwnTool, runOwn } from './own-run.js';

const NOT_SEEN_LIVE =
  'its rows are read when it has ended: nothing is shown while it fires, and a step that awaits `seen` never ends well';
const NEVER_PASS = 'it carries no plan of its arrivals, so the run can show downtime but never end in PASS';

/**
 * A user's own k6 script as traffic. It finds the service in ROLLPROOF_URL (name) and ROLLPROOF_URLS (one per address).
 * @throws RollproofError TOOL_MISSING without k6 v2, SCENARIO_INVALID when the script cannot be read.
 */
export async function ownScript(script: string, host: ProcessHost): Promise<TrafficEngine> {
  mustBeReadable(script, 'traffic.script');
  const tool = await findK6(host);
  const resends = 'k6 sends GET, HEAD, OPTIONS and TRACE again by itself when a kept-alive connection dies';
  return {
    capabilities: {
      name: 'k6',
      seesResetsOnReuse: false,
      knowsScheduledTime: false,
      healthEveryMs: null,
      hasControl: false,
      limits: [`own script ${script}`, NEVER_PASS, resends, NOT_SEEN_LIVE],
    },
    tools: { k6: tool.version },
    run: (workload, sinks, signal) =>
      inFolder(async (folder) => {
        const results = join(folder, 'results.csv');
        const argv: [string, ...string[]] = [
          ...([tool.program, 'run', '--quiet', '--no-color', '--summary-mode=disabled', '--no-thresholds'] as const),
          ...['--out', `csv=fileName=${results},timeFormat=unix_nano,saveInterval=100ms`],
          ...['--system-tags=status,error_code,method,name,scenario', '--address=', script],
        ];
        const env = { ...scrubbed(host), ...baseEnv(host), ...serviceEnv(workload) };
        const child = host.start(argv, { env, cwd: dirname(script) });
        return runOwn(toolOf('traffic.script', child, results, 'SIGINT'), workload, sinks, host, signal);
      }),
  };
}

/**
 * A user's own JMeter plan as traffic, with retries off and the columns fixed. It finds the service in the properties
 * `rollproof.url` (name) and `rollproof.host`, `rollproof.port` (the first address).
 * @throws RollproofError TOOL_MISSING without JMeter 5, SCENARIO_INVALID when the plan cannot be read.
 */
export async function ownPlan(plan: string, host: ProcessHost): Promise<TrafficEngine> {
  mustBeReadable(plan, 'traffic.plan');
  const tool = await findJmeter(host);
  const resends =
    'retries are off for JMeter’s HttpClient4 only: a sampler of implementation Java sends GET again by itself';
  return {
    capabilities: {
      name: 'jmeter',
      seesResetsOnReuse: false,
      knowsScheduledTime: false,
      healthEveryMs: null,
      hasControl: false,
      limits: [`own plan ${plan}`, NEVER_PASS, resends, NOT_SEEN_LIVE],
    },
    tools: { jmeter: tool.version },
    run: (workload, sinks, signal) =>
      inFolder(async (folder) => {
        const results = join(folder, 'results.jtl');
        const files = { plan, results, log: join(folder, 'jmeter.log'), go: null };
        const [first] = addressesOf(workload);
        const url = serviceUrl(workload.service.url);
        const argv: [string, ...string[]] = [
          ...jmeterArgv(tool, files),
          `-Jrollproof.url=${url.href}`,
          `-Jrollproof.host=${first?.ip ?? url.hostname}`,
          `-Jrollproof.port=${first?.port ?? (url.port || (url.protocol === 'https:' ? 443 : 80))}`,
        ];
        const child = host.start(argv, { env: javaEnv(host), cwd: dirname(plan) });
        return runOwn(toolOf('traffic.plan', child, results, 'SIGTERM'), workload, sinks, host, signal);
      }),
  };
}

function mustBeReadable(file: string, key: string): void {
  try {
    accessSync(file, constants.R_OK);
  } catch (cause) {
    throw new RollproofError('SCENARIO_INVALID', `${key}: ${file} cannot be read`, { hint: 'check the path', cause });
  }
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'rollproof-own-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function toolOf(key: string, child: OwnTool['child'], results: string, endSignal: OwnTool['endSignal']): OwnTool {
  let tail = '';
  const keep = (part: Buffer) => {
    tail = (tail + part.toString('utf8')).slice(-2000);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const said = () => (tail.trim() === '' ? 'it said nothing' : `it said: ${plain(tail)}`);
  return { key, child, results, endSignal, said };
}

/** Words of another program, fit for one line of a report. */
function plain(text: string): string {
  return text
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(-300);
}

/** An own script may read variables of its own; K6_* ones would replace its options, a proxy would be in the way. */
function scrubbed({ env }: ProcessHost): Record<string, string> {
  const kept = Object.entries(env).filter(([name]) => !/^K6_|^(https?|all|no)_proxy$/i.test(name));
  return Object.fromEntries(kept.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

function addressesOf({ service, traffic }: Workload) {
  return givenAddresses(serviceUrl(service.url), traffic.resolve);
}

function serviceEnv(workload: Workload): Record<string, string> {
  const url = serviceUrl(workload.service.url);
  const urls = addressesOf(workload).map(
    ({ ip, port, family }) => `${url.protocol}//${family === 6 ? `[${ip}]` : ip}:${port}${url.pathname}${url.search}`,
  );
  return {
    ROLLPROOF_URL: url.href,
    ROLLPROOF_URLS: (urls.length === 0 ? [url.href] : urls).join(','),
    ROLLPROOF_RUN_ID: workload.runId,
  };
}
