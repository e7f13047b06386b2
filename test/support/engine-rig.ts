import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { type LabHandle, launchLab } from '../../dist/lab/launch.js';
import type { RunEvent } from '../../src/domain/event.js';
import { type ApiProxy, apiProxy } from './api-proxy.js';
import { rollproof } from './rollproof.js';

const LAB = fileURLToPath(new URL('../../scenarios/lab.yaml', import.meta.url));
const WATCH_MS = 100;
const ASK_MS = 50;
const READY_MS = 20_000;

export interface RunSummary {
  readonly deploy: string;
  readonly failed: number;
}

/** What differs from the usual scenario: YAML. */
export interface More {
  /** More keys of `rollout`, each after a comma. */
  readonly rollout?: string;
  /** Items of `targets` instead of the lab's own. */
  readonly targets?: string;
  readonly balancerName?: string;
  /** Further lines of the top level. */
  readonly top?: string;
}

/** A lab of two targets that the program meets as it would meet AWS, through a proxy; and two who watch it from outside. */
export interface EngineRig {
  readonly lab: LabHandle;
  readonly api: ApiProxy;
  /** Writes a scenario. */
  scenario(name: string, version: string, more?: More): string;
  /** `rollproof run`, in the state directory of this rig or of `stateDir`. */
  run(file: string, argv?: readonly string[], stateDir?: string): ReturnType<typeof rollproof>;
  /** Any command with this rig's environment. */
  command(argv: readonly string[]): ReturnType<typeof rollproof>;
  /** What `run --json` said at its end. */
  summary(end: { readonly out: string; readonly err: string }): RunSummary;
  /** The journal of the newest run of that name. */
  events(name: string): RunEvent[];
  /** Phase of each instance, past the API. */
  phases(): Promise<Readonly<Record<string, string>>>;
  /** Fewest targets in service, and requests an outside client saw fail, since the start. */
  watched(): { readonly fewestInService: number; readonly failures: readonly string[]; readonly answers: number };
  stop(): Promise<void>;
}

/** Starts it and waits until the API itself shows both targets in service. */
export async function engineRig(folder: string, name: string, knobs: Readonly<Record<string, unknown>>) {
  const lab = await launchLab({
    preset: 'lab-fast',
    name,
    region: 'us-east-1',
    seed: 5,
    knobs,
    instances: [
      { target: 'one', instance: 'i-1' },
      { target: 'two', instance: 'i-2' },
    ],
    version: 'v1',
  });
  const api = await apiProxy(lab.endpoint);
  const dir = join(folder, name);
  mkdirSync(dir);
  const env = { ...lab.env, ROLLPROOF_STATE_DIR: join(dir, 'state') };
  const out = join(dir, 'out');
  await vi.waitUntil(() => shownInService(lab), { timeout: READY_MS, interval: 100 });
  const watch = watching(lab);
  const rig: EngineRig = {
    lab,
    api,
    scenario: (scenario, version, more = {}) => written(join(dir, `${scenario}.yaml`), scenario, version, more, rig),
    run: (file, argv = [], stateDir = env.ROLLPROOF_STATE_DIR) =>
      rollproof(['run', file, '--yes', '--force', '-o', out, ...argv], {
        env: { ...env, ROLLPROOF_STATE_DIR: stateDir },
      }),
    command: (argv) => rollproof(argv, { env }),
    summary(end) {
      const result = JSON.parse(end.out || JSON.stringify({ run: { deploy: end.err }, counts: {} })) as {
        counts: { failed: number };
        run: { deploy: string };
      };
      return { deploy: result.run.deploy, failed: result.counts.failed };
    },
    events(scenario) {
      const stamp = readdirSync(join(out, scenario)).sort().at(-1) ?? '';
      const lines = readFileSync(join(out, scenario, stamp, 'events.ndjson'), 'utf8')
        .trim()
        .split('\n')
        .slice(1);
      return lines.map((line) => JSON.parse(line) as RunEvent);
    },
    phases: () => phasesOf(lab),
    watched: watch.seen,
    async stop() {
      await watch.stop();
      api.close();
      await lab.stop();
    },
  };
  return rig;
}

function written(
  file: string,
  name: string,
  version: string,
  { rollout = '', targets, balancerName, top = '' }: More,
  { lab, api }: EngineRig,
): string {
  const nodes = lab.nodes.map((n) => `"${n.host}:${n.port}"`).join(', ');
  const own = lab.instances.map(
    (i) => `{ id: ${i.target}, instance: ${i.instance}, url: "http://127.0.0.1:${i.port}/" }`,
  );
  writeFileSync(
    file,
    `extends: ${LAB}
name: ${name}
service: { url: "http://lb.test/" }
balancer: { kind: elb-classic, name: ${balancerName ?? lab.loadBalancer}, region: us-east-1, endpoint: "${api.endpoint}", autoScaling: none, lockTag: true }
targets: [${targets ?? own.join(', ')}]
rollout: { version: ${version}, wait: both, settle: 1s, sleep: { afterDetach: 3s, afterAttach: 1s }, deploy: { command: [rollproof, lab, deploy], timeout: 20s }${rollout} }
traffic: { rate: 100/s, lanes: { long: off }, warmUp: 200ms, baseline: 500ms, settle: 500ms, resolve: { lb.test: [${nodes}] } }
${top}`,
  );
  return file;
}

/** Whether both describe calls show both targets: what they show may be old, or an error. */
async function shownInService(lab: LabHandle): Promise<boolean> {
  const ask = async (query: string) =>
    (await fetch(`${lab.endpoint}/?Version=2012-06-01&${query}`)).text().catch(() => '');
  const name = lab.loadBalancer;
  const health = await ask(
    `Action=DescribeInstanceHealth&LoadBalancerName=${name}&Instances.member.1.InstanceId=i-1&Instances.member.2.InstanceId=i-2`,
  );
  const members = await ask(`Action=DescribeLoadBalancers&LoadBalancerNames.member.1=${name}`);
  return health.split('<State>InService</State>').length === 3 && /i-1[\s\S]*i-2|i-2[\s\S]*i-1/.test(members);
}

async function phasesOf(lab: LabHandle): Promise<Record<string, string>> {
  const reply = await fetch(`${lab.controlUrl}/state`, { headers: { authorization: `Bearer ${lab.controlToken}` } });
  const state = (await reply.json()) as {
    loadBalancers: { instances: { instance: string; phase: string }[] }[];
  };
  return Object.fromEntries((state.loadBalancers[0]?.instances ?? []).map((i) => [i.instance, i.phase]));
}

/** One who counts who is in service, and a client on new connections who needs an answer each time. */
function watching(lab: LabHandle) {
  let fewestInService = Number.POSITIVE_INFINITY;
  let answers = 0;
  let turn = 0;
  const failures: string[] = [];
  const asking = new Set<Promise<void>>();
  const ask = () => {
    const { host, port } = lab.nodes[turn++ % lab.nodes.length] ?? { host: '', port: 0 };
    const asked = new Promise<void>((resolve) => {
      const failed = (why: string) => {
        failures.push(`${new Date().toISOString()} ${why}`);
        resolve();
      };
      request({ host, port, agent: false, headers: { host: 'lb.test' }, timeout: 10_000 }, (reply) => {
        reply.resume().on('end', () => {
          if (reply.statusCode === 200) answers++;
          else failures.push(`${new Date().toISOString()} ${reply.statusCode}`);
          resolve();
        });
        reply.on('error', (error) => failed(error.message));
      })
        .on('timeout', () => failed('timeout'))
        .on('error', (error) => failed(error.message))
        .end();
    });
    asking.add(asked);
    void asked.then(() => asking.delete(asked));
  };
  const count = async () => {
    const inService = Object.values(await phasesOf(lab)).filter((phase) => phase === 'in-service').length;
    fewestInService = Math.min(fewestInService, inService);
  };
  // A missed look is no finding; a rig without any look at all is (Infinity).
  const timers = [setInterval(ask, ASK_MS), setInterval(() => void count().catch(() => undefined), WATCH_MS)];
  return {
    seen: () => ({ fewestInService, failures, answers }),
    async stop() {
      for (const timer of timers) clearInterval(timer);
      await Promise.all(asking);
    },
  };
}
