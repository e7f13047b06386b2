import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, cpSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { readFacts } from '../../src/journal/facts.js';
import { arrivalPlan } from '../../src/traffic/arrivals.js';
import { findProgram } from '../../src/traffic/foreign/process-host.js';
import { executionSegment } from '../../src/traffic/segments.js';
import { fleetWorld, journalOf, lengthMs, type WorldServer, worldServer } from '../support/fleet-world.js';
import { type TestMachines, testMachines } from '../support/namespaces.js';
import { rollproof, runDirectoryIn } from '../support/rollproof.js';

const K6 = findProgram(process.env.ROLLPROOF_K6 ?? 'k6', process.env);
if (K6 === null && process.env.ROLLPROOF_REQUIRE_TOOLS === '1')
  throw new Error('there is no k6: put it on PATH or name it in ROLLPROOF_K6');

const PODS = 3;
const RATE = 90;
const facts = fleetWorld(RATE);
const DURATION_S = Math.ceil(lengthMs(facts) / 1000) + 2;

interface Manifest {
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly parallelism: number;
    readonly args: readonly string[];
    readonly runner: { readonly env: readonly { name: string; value?: string }[] };
  };
}

/** One pod as the operator starts it: its segment, the manifest's arguments, paused, its API on the pod's own address. */
function pod(machines: TestMachines, testRun: Manifest, i: number, port: number, log: string): ChildProcess {
  const { segment, sequence } = executionSegment({ index: i + 1, count: PODS });
  const env = testRun.spec!.runner.env.map(({ name, value }) => [name, value ?? '']);
  const argv = [
    ...machines.prefix(i),
    K6!,
    'run',
    '--quiet',
    `--execution-segment=${segment}`,
    `--execution-segment-sequence=${sequence}`,
    ...testRun.spec!.args,
    join(folder, 'probe.ts'),
    `--address=0.0.0.0:${port}`,
    '--paused',
    '--tag',
    `instance_id=${i + 1}`,
    '--tag',
    `testrun_name=${testRun.metadata.name}`,
  ];
  const out = openSync(log, 'w');
  const child = spawn(argv[0]!, argv.slice(1), {
    stdio: ['ignore', out, out],
    env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent', ...Object.fromEntries(env) },
  });
  closeSync(out);
  return child;
}

async function status(base: string): Promise<number | null> {
  try {
    const answer = (await (await fetch(`${base}/v1/status`)).json()) as { data: { attributes: { status: number } } };
    return answer.data.attributes.status;
  } catch (notYet) {
    void notYet;
    return null;
  }
}

/** What the operator's starter does. */
async function letGo(base: string): Promise<void> {
  const body = JSON.stringify({ data: { type: 'status', id: 'default', attributes: { paused: false } } });
  const answer = await fetch(`${base}/v1/status`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body,
  });
  expect(answer.status).toBe(200);
}

const folder = mkdtempSync(join(tmpdir(), 'rollproof-fleet-'));
const logs: string[] = [];
/** Requests of the fleet that the service answered. */
let answered = 0;
let machines: TestMachines;
let server: WorldServer;
let outs = 0;

async function collected(files: readonly string[], ...more: string[]) {
  const out = join(folder, `out-${outs++}`);
  const argv = ['collect', ...files, '--plan', join(folder, 'plan.json'), '--events', join(folder, 'events.ndjson')];
  const ended = await rollproof([...argv, '-o', out, '--json', ...more]).ended;
  return { ...ended, dir: runDirectoryIn(out, 'fixture-collect'), result: JSON.parse(ended.out) };
}

const WORKERS = 3;
const WORKERS_S = DURATION_S;
let workerServer: WorldServer;
const workerDirs: string[] = [];

function writeScenario(path: string, url: string): void {
  const { traffic, targets } = facts.header.scenario;
  writeFileSync(
    path,
    JSON.stringify({
      name: 'fixture',
      environment: 'test',
      service: { url, method: 'POST', identity: { target: 'x-target', version: 'x-version', bootId: 'x-boot' } },
      balancer: { kind: 'elb-classic', name: 'web', region: 'eu-west-1' },
      targets: targets.map(({ id, instance }) => ({ id, instance })),
      rollout: { version: 'v2', deploy: { command: ['true'] } },
      traffic: { rate: traffic.ratePerSecond, timeout: '2s', lanes: { new: 1, reuse: 1 } },
    }),
  );
}

/** Three traffic workers as processes of their own, told to begin at the same moment. */
async function fireWithWorkers(): Promise<void> {
  workerServer = await worldServer(facts, '127.0.0.1');
  const url = `http://127.0.0.1:${workerServer.port}/`;
  writeScenario(join(folder, 'workers.yaml'), url);
  const start = new Date(Math.ceil(Date.now() / 1000) * 1000 + 5000);
  writeFileSync(join(folder, 'workers.ndjson'), journalOf(facts, start, url));
  workerServer.begin(start);
  const fired = [1, 2, 3].map((i) => {
    const argv = ['traffic', 'worker', join(folder, 'workers.yaml'), '--segment', `${i}/${WORKERS}`, '-o', folder];
    return rollproof([...argv, '--start', start.toISOString(), '--duration', `${WORKERS_S}s`]).ended;
  });
  for (const { code, out, err } of await Promise.all(fired)) {
    expect(code, err).toBe(0);
    workerDirs.push(out.trim());
  }
}

async function collectedWorkers(dirs: readonly string[], clock: readonly string[], events = 'workers.ndjson') {
  const out = join(folder, `out-${outs++}`);
  const argv = ['collect', ...dirs, '--events', join(folder, events), '-o', out, '--json', ...clock];
  const ended = await rollproof(argv).ended;
  return { ...ended, dir: runDirectoryIn(out, 'fixture-collect'), result: JSON.parse(ended.out) };
}

async function fireWithK6(): Promise<void> {
  machines = testMachines(PODS);
  server = await worldServer(facts, machines.hostAddress);
  const url = `http://${machines.hostAddress}:${server.port}/`;
  writeScenario(join(folder, 'scenario.yaml'), url);
  const exported = await rollproof([
    ...['export', 'k6-operator', join(folder, 'scenario.yaml'), '-o', folder],
    ...['--parallelism', String(PODS), '--duration', `${DURATION_S}s`],
  ]).ended;
  expect(exported.code, exported.err).toBe(0);
  const read = (name: string) => parse(readFileSync(join(folder, name), 'utf8')) as Manifest;
  const config = read('configmap.yaml');
  for (const [key, text] of Object.entries(config.data!)) writeFileSync(join(folder, key), text);
  // The operator's initializer archives the script with these arguments and no environment; it must not fail.
  const fresh = read('testrun-fixture-fresh.yaml');
  const archive = ['archive', ...fresh.spec!.args, join(folder, 'probe.ts'), '-O', join(folder, 'probe.tar')];
  const env = { PATH: process.env.PATH ?? '', HOME: '/nonexistent' };
  const archived = spawnSync(K6!, archive, { env, encoding: 'utf8' });
  expect(archived.status, archived.stderr).toBe(0);
  const children: ChildProcess[] = [];
  const bases: string[] = [];
  for (const [n, part] of ['fresh', 'reuse'].entries())
    for (let i = 0; i < PODS; i++) {
      const log = join(folder, `${part}-${i}.log`);
      const port = machines.isolated ? 6565 + 10 * n : 17_650 + n * PODS + i;
      logs.push(log);
      bases.push(`http://${machines.address(i)}:${port}`);
      children.push(pod(machines, read(`testrun-fixture-${part}.yaml`), i, port, log));
    }
  const ended = children.map((child) => new Promise<number | null>((resolve) => child.once('close', resolve)));
  try {
    for (const base of bases)
      await vi.waitFor(async () => expect(await status(base)).toBe(4), { timeout: 60_000, interval: 50 });
    const startedAt = new Date();
    writeFileSync(join(folder, 'events.ndjson'), journalOf(facts, startedAt, url));
    server.begin(startedAt);
    await Promise.all(bases.map(letGo));
    expect(await Promise.all(ended)).toEqual(children.map(() => 0));
    answered = server.seen();
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}

beforeAll(() => Promise.all([K6 === null ? null : fireWithK6(), fireWithWorkers()]), 120_000);
afterAll(async () => {
  await Promise.all([server?.close(), workerServer?.close()]);
  machines?.remove();
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(K6 === null)('several real k6 processes on execution segments, let go at one barrier', () => {
  it.concurrent('merges into exactly the plan of one process, and passes', async () => {
    const { code, err, result, dir } = await collected(logs, '--clock-error', '1ms');
    expect(result.verdict.kind, `${JSON.stringify(result.verdict)} ${err}`).toBe('PASS');
    expect(code).toBe(0);
    const { samples, events } = readFacts(dir);
    // One process fires rate × time arrivals; the last second is left out, and the random wait moves a few over its edge.
    const planned = RATE * (DURATION_S - 1);
    expect(samples.length).toBeGreaterThan(planned - 3 * PODS * 2);
    expect(samples.length).toBeLessThanOrEqual(planned + 3 * PODS);
    const stopped = events.flatMap((event) => (event.kind === 'traffic-stopped' ? [event] : []));
    expect(stopped.map(({ source }) => source).sort()).toEqual(
      ['fresh', 'reuse'].flatMap((part) => [0, 1, 2].map((i) => `fixture-${part}-${i}`)),
    );
    expect(stopped.every(({ error }) => error === null)).toBe(true);
    expect(stopped.reduce((sum, { scheduled }) => sum + scheduled, 0)).toBe(samples.length);
    // Every request of the fleet has its row: what the service saw is what the logs hold.
    const rows = logs.flatMap((log) =>
      readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('rp1|')),
    );
    expect(rows.length).toBe(answered);
    expect(Math.max(...rows.map((row) => row.length))).toBeLessThanOrEqual(110);
  });

  it.concurrent('compares the clocks by what the service said of its time', async () => {
    const { result, dir } = await collected(logs, '--clock', 'service');
    const compared = readFacts(dir).events.flatMap((event) => (event.kind === 'clock-compared' ? [event] : []));
    expect(compared.length).toBe(2 * PODS);
    // All of them read one clock, whatever the bounds say.
    for (const { offsetMs, errorMs } of compared) {
      expect(Math.abs(offsetMs)).toBeLessThanOrEqual(errorMs);
      expect(errorMs).toBeLessThan(300);
    }
    expect(result.verdict.kind, JSON.stringify(result.verdict)).toBe('PASS');
  });

  it.concurrent.each([
    ['a whole shard', () => logs.slice(1), /left no rows at all/],
    [
      'one line',
      () => [without(logs[0]!, (lines) => lines.filter((_, i) => i !== 40)), ...logs.slice(1)],
      /1 planned arrivals of lane new are missing/,
    ],
    [
      'the beginning of a log, as rotation takes it',
      () => [without(logs[2]!, (lines) => lines.slice(60)), ...logs.filter((_, i) => i !== 2)],
      /60 planned arrivals of lane new are missing/,
    ],
    ['nothing, but has a log twice', () => [...logs, logs[3]!], /is there twice/],
  ])('is INCONCLUSIVE when it lacks %s', async (_, files, message) => {
    const { code, result, dir } = await collected(files(), '--clock-error', '1ms');
    expect(result.verdict.kind).toBe('INCONCLUSIVE');
    expect(code).toBe(2);
    expect(readFileSync(join(dir, 'events.ndjson'), 'utf8')).toMatch(message);
  });

  it.concurrent('is INCONCLUSIVE when nobody compared the clocks', async () => {
    const { code } = await collected(logs);
    expect(code).toBe(2);
  });
});

describe('several traffic workers', () => {
  it.concurrent('merge into exactly the plan of one process, and pass', async () => {
    const { code, result, dir } = await collectedWorkers(workerDirs, ['--clock-error', '1ms']);
    expect(result.verdict.kind, JSON.stringify(result.verdict)).toBe('PASS');
    expect(code).toBe(0);
    const { samples } = readFacts(dir);
    // One process's plan: every number once, from 0 on.
    const seqs = Array.from({ length: samples.length }, (_, row) => samples.seq.at(row));
    expect(seqs.sort((a, b) => a - b)).toEqual(Array.from({ length: samples.length }, (_, k) => k));
    const { dueMs } = arrivalPlan({ ...facts.header.scenario.traffic, seed: seedOf(workerDirs[0]!) });
    expect(dueMs(samples.length - 1)).toBeLessThan(WORKERS_S * 1000);
    expect(dueMs(samples.length)).toBeGreaterThanOrEqual(WORKERS_S * 1000);
  });

  it.concurrent('are INCONCLUSIVE when one is missing, was killed, or nobody knows the clocks', async () => {
    const killed = join(folder, 'killed');
    cpSync(workerDirs[1]!, killed, { recursive: true });
    const events = readFileSync(join(killed, 'events.ndjson'), 'utf8').trimEnd().split('\n');
    writeFileSync(join(killed, 'events.ndjson'), `${events.slice(0, -1).join('\n')}\n`);
    const [a, b, c] = workerDirs as [string, string, string];
    const known = ['--clock-error', '1ms'];
    const ends = await Promise.all([
      collectedWorkers([a, c], known),
      collectedWorkers([a, killed, c], known),
      collectedWorkers([a, b, c], []),
      collectedWorkers([a, b, c, c], known).catch((error: Error) => ({ code: 64, error })),
    ]);
    expect(ends.slice(0, 3).map(({ code }) => code)).toEqual([2, 2, 2]);
    expect([2, 64]).toContain(ends[3]!.code);
  });
});

it('is INCONCLUSIVE when the traffic ended before the deploy did', async () => {
  const later = readFileSync(join(folder, 'workers.ndjson'), 'utf8').replace(/"settleMs":\d+/, '"settleMs":6000');
  writeFileSync(join(folder, 'later.ndjson'), later);
  const { code } = await collectedWorkers(workerDirs, ['--clock-error', '1ms'], 'later.ndjson');
  expect(code).toBe(2);
});

function seedOf(dir: string): number {
  return readFacts(dir).header.scenario.traffic.seed;
}

function without(log: string, change: (lines: readonly string[]) => readonly string[]): string {
  const path = `${log}.${outs}.changed`;
  writeFileSync(path, change(readFileSync(log, 'utf8').split('\n')).join('\n'));
  return path;
}
