import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DeregisterInstancesFromLoadBalancerCommand,
  DescribeInstanceHealthCommand,
  ElasticLoadBalancingClient,
  RegisterInstancesWithLoadBalancerCommand,
} from '@aws-sdk/client-elastic-load-balancing';
import { afterEach, describe, expect, it } from 'vitest';
import { labAudit } from '../../dist/cli/lab-audit.js';
import { deployThroughLab } from '../../dist/lab/deploy-client.js';
import type { LabState } from '../../dist/lab/lab-state.js';
import { type LabHandle, type LabOptions, launchLab } from '../../dist/lab/launch.js';

const OPTIONS: LabOptions = {
  preset: 'lab-fast',
  name: 'shop',
  region: 'eu-west-1',
  seed: 3,
  knobs: {},
  instances: [
    { target: 'staging-1', instance: 'i-0aa' },
    { target: 'staging-2', instance: 'i-0bb' },
  ],
  version: 'v1',
};

const LAUNCH = new URL('../../dist/lab/launch.js', import.meta.url).href;
let lab: LabHandle | undefined;
afterEach(async () => {
  await lab?.stop();
  lab = undefined;
});

async function stateOf(handle: LabHandle): Promise<LabState> {
  const response = await fetch(`${handle.controlUrl}/state`, {
    headers: { authorization: `Bearer ${handle.controlToken}` },
  });
  return (await response.json()) as LabState;
}

const appPids = async (handle: LabHandle): Promise<number[]> => (await stateOf(handle)).servers.map(({ pid }) => pid!);

/** A zombie waiting for its parent to look is gone all the same. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch (gone) {
    void gone;
    return false;
  }
}

async function until(condition: () => boolean | Promise<boolean>, deadlineMs = 5_000): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not so within ${deadlineMs} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const versionAt = async (handle: LabHandle, node = 0): Promise<string | null> => {
  const { host, port } = handle.nodes[node]!;
  const response = await fetch(`http://${host}:${port}/`);
  await response.text();
  return response.headers.get('x-version');
};

/** One request over TLS, the certificate checked against the lab's own. */
function askSecurely(url: string, ca: string): Promise<{ status: number; target: unknown }> {
  return new Promise((resolve, reject) => {
    const asking = get(url, { ca, agent: false }, (response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0, target: response.headers['x-target'] });
    });
    asking.on('error', reject);
  });
}

describe('the audit of a launched lab', () => {
  it('tells a request delivered twice, by whichever application and before whichever deploy', async () => {
    lab = await launchLab({ ...OPTIONS, knobs: { graceMs: 0 } });
    const { env } = lab;
    const send = async (instance: number, run: string, seq?: string) => {
      const headers = { 'X-Rollproof-Run': run, ...(seq === undefined ? {} : { 'X-Rollproof-Seq': seq }) };
      await (await fetch(`http://127.0.0.1:${lab!.instances[instance]!.port}/`, { headers })).text();
    };
    expect(await labAudit(env, 'r')).toBeNull();
    expect(await labAudit(undefined, 'r')).toBeNull();
    for (const seq of ['0', '1', '2']) await send(0, 'r', seq);
    await send(1, 'r', '1');
    await send(1, 'other', '1');
    await send(1, 'r');
    const deployed = await deployThroughLab(
      { ...env, ROLLPROOF_VERSION: 'v2', ROLLPROOF_INSTANCE: 'i-0aa' },
      () => undefined,
    );
    expect(deployed).toBe(0);
    await send(0, 'r', '2');
    await send(0, 'r', '3');
    const expected = { count: 7, distinct: 4, duplicates: 2, untracked: 1 };
    await until(async () => (await labAudit(env, 'r'))?.count === expected.count);
    expect(await labAudit(env, 'r')).toEqual(expected);
    expect(await labAudit(env, 'other')).toMatchObject({ count: 1, distinct: 1 });
    await expect(labAudit({ ...env, ROLLPROOF_LAB_TOKEN: 'x' }, 'r')).rejects.toThrow(/401/);
  });
});

describe('the data plane of a launched lab', () => {
  it('speaks HTTPS with a certificate clients can check on every node, and writes access logs', async () => {
    const accessLogDir = mkdtempSync(join(tmpdir(), 'rollproof-logs-'));
    lab = await launchLab({ ...OPTIONS, knobs: { listener: 'https' }, accessLogDir });
    const { caFile } = lab;
    const ca = readFileSync(caFile!, 'utf8');
    for (const { host, port } of lab.nodes) {
      const { status, target } = await askSecurely(`https://${host}:${port}/`, ca);
      expect([status, typeof target]).toEqual([200, 'string']);
    }
    await expect(askSecurely(lab.url, '')).rejects.toThrow();
    await lab.stop();
    expect(existsSync(caFile!)).toBe(false);
    const files = readdirSync(accessLogDir).sort();
    expect(files).toEqual(['shop_node-1.log', 'shop_node-2.log']);
    for (const file of files) {
      expect(readFileSync(join(accessLogDir, file), 'utf8')).toMatch(
        /^\S+Z shop 127\.0\.0\.1:\d+ 127\.0\.0\.1:\d+ 0\.\d{6} 0\.\d{6} 0\.\d{6} 200 200 0 3 "GET https:\S+ HTTP\/1\.1" "-" \S+ TLSv1\.3\n$/,
      );
    }
    rmSync(accessLogDir, { recursive: true, force: true });
  });

  it('a Network Load Balancer carries HTTP as bytes; nodes and targets share a zone when told so', async () => {
    lab = await launchLab({
      ...OPTIONS,
      preset: 'aws-nlb',
      knobs: { timeScale: 0.01, azPerNode: false, crossZone: false },
    });
    const answer = await fetch(lab.url);
    expect([answer.status, await answer.text()]).toEqual([200, 'ok\n']);
    const { loadBalancers } = await stateOf(lab);
    expect(new Set(loadBalancers[0]!.nodes.map(({ zone }) => zone)).size).toBe(1);
    expect(loadBalancers[0]!.instances.every(({ nodes }) => nodes.every(({ routed }) => routed))).toBe(true);
  });
});

describe('a lab in its own process', () => {
  it('starts in service, rolls one server over through the SDK, and stops without a trace', async () => {
    const from = performance.now();
    lab = await launchLab(OPTIONS);
    expect(performance.now() - from).toBeLessThan(2_000);
    const handle = lab;
    expect(handle).toMatchObject({
      region: 'eu-west-1',
      loadBalancer: 'shop',
      preset: 'lab-fast',
      seed: 3,
      version: 'v1',
    });
    expect(handle.nodes).toHaveLength(2);
    if (handle.note === null) expect(new Set(handle.nodes.map(({ port }) => port)).size).toBe(1);
    expect(handle.dnsName).toMatch(/^shop-[0-9a-f]{8}\.eu-west-1\.elb\.amazonaws\.com\.lab\.invalid$/);
    expect(handle.env).toMatchObject({
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING: handle.endpoint,
    });
    expect([await versionAt(handle, 0), await versionAt(handle, 1)]).toEqual(['v1', 'v1']);

    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
    const client = new ElasticLoadBalancingClient({
      region: handle.region,
      endpoint: handle.endpoint,
      credentials: { accessKeyId: 'lab', secretAccessKey: 'lab' },
    });
    const one = { LoadBalancerName: 'shop', Instances: [{ InstanceId: 'i-0aa' }] };
    const description = async (): Promise<string | undefined> =>
      (await client.send(new DescribeInstanceHealthCommand(one))).InstanceStates?.[0]?.Description;
    expect(await description()).toBe('N/A');
    await client.send(new DeregisterInstancesFromLoadBalancerCommand(one));
    expect(await description()).toBe('Instance deregistration currently in progress.');
    await until(async () => (await description()) === 'Instance is not currently registered with the LoadBalancer.');
    const [before] = handle.instances;
    const lines: string[] = [];
    const code = await deployThroughLab(
      { ...handle.env, ROLLPROOF_TARGET: 'staging-1', ROLLPROOF_VERSION: 'v2' },
      (line) => lines.push(line),
    );
    expect([code, ...lines.map((line) => line.replace(/\d+\)/, 'N)'))]).toEqual([
      0,
      'stopped v1 on staging-1 (pid N)',
      'started v2 on staging-1 (pid N)',
    ]);
    expect((await stateOf(handle)).servers[0]).toMatchObject({ version: 'v2', port: before!.port, running: true });
    // Out of rotation until attached again: only the other server answers.
    expect([await versionAt(handle, 0), await versionAt(handle, 1)]).toEqual(['v1', 'v1']);
    await client.send(new RegisterInstancesWithLoadBalancerCommand(one));
    expect(await description()).toBe('Instance registration is still in progress.');
    await until(async () => (await description()) === 'N/A');
    await until(async () => (await versionAt(handle)) === 'v2');
    client.destroy();

    const pids = await appPids(handle);
    await handle.stop();
    expect([handle.pid, ...pids].filter(isAlive)).toEqual([]);
    expect(await handle.exited).toMatchObject({ code: 0, signal: null, stderrTail: '' });
  });

  it('a broken release does not block its deploy, and is never in service', async () => {
    lab = await launchLab({ ...OPTIONS, knobs: { brokenVersion: 'v2', healthIntervalMs: 100 } });
    const handle = lab;
    const from = performance.now();
    const env = { ...handle.env, ROLLPROOF_INSTANCE: 'i-0bb', ROLLPROOF_VERSION: 'v2' };
    expect(await deployThroughLab(env, () => {})).toBe(0);
    expect(performance.now() - from).toBeLessThan(3_000);
    const phase = async (): Promise<string> => (await stateOf(handle)).loadBalancers[0]!.instances[1]!.phase;
    await until(async () => (await phase()) === 'unhealthy');
  });

  it('killed, it leaves no child', async () => {
    lab = await launchLab(OPTIONS);
    const pids = await appPids(lab);
    expect(pids.filter(isAlive)).toHaveLength(2);
    process.kill(lab.pid, 'SIGKILL');
    expect((await lab.exited).signal).toBe('SIGKILL');
    await until(() => !pids.some(isAlive));
  });

  it('dies with the process that launched it, however that ends', async () => {
    const script = `const { launchLab } = await import(${JSON.stringify(LAUNCH)});
      const lab = await launchLab(${JSON.stringify(OPTIONS)});
      const state = await fetch(lab.controlUrl + '/state', { headers: { authorization: 'Bearer ' + lab.controlToken } });
      console.log(JSON.stringify([lab.pid, ...(await state.json()).servers.map((server) => server.pid)]));`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const text = await new Promise<string>((resolve) => parent.stdout.once('data', (chunk) => resolve(String(chunk))));
    const pids = JSON.parse(text) as number[];
    expect(pids.filter(isAlive)).toHaveLength(3);
    parent.kill('SIGKILL');
    await until(() => !pids.some(isAlive));
  });
});

describe('a lab that cannot start', () => {
  it.each([
    [{ preset: 'nope' }, /unknown lab preset 'nope'/],
    [{ knobs: { nodez: 3 } }, /unknown knob 'nodez'/],
    [{ name: 'a_b', instances: [] }, /name must be .*; instances must be a list of at least one/],
    [{ instances: [OPTIONS.instances[0]!, OPTIONS.instances[0]!] }, /'staging-1' is given twice/],
  ])('says why: %j', async (wrong, message) => {
    await expect(launchLab({ ...OPTIONS, ...wrong })).rejects.toThrow(message);
  });

  it('says that its port is taken, leaving nothing behind', async () => {
    lab = await launchLab(OPTIONS);
    const apiPort = Number(new URL(lab.endpoint).port);
    await expect(launchLab({ ...OPTIONS, apiPort })).rejects.toThrow(/could not be started: .*EADDRINUSE/);
  });

  it('stops when interrupted while starting', async () => {
    const interrupt = new AbortController();
    const starting = launchLab(OPTIONS, interrupt.signal);
    setTimeout(() => interrupt.abort(), 100);
    await expect(starting).rejects.toThrow(/interrupted/);
    await expect(launchLab(OPTIONS, interrupt.signal)).rejects.toThrow(/interrupted/);
  });
});
