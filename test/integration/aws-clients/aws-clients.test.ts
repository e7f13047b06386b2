import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
// Built modules: the lab is a process of its own.
import { launchLab } from '../../../dist/lab/launch.js';
import { awsTool, awsToolsMissing } from './tools.js';

const missing = awsToolsMissing();
if (missing !== null) process.stderr.write(`\n${missing}\n`);
const here = fileURLToPath(new URL('.', import.meta.url));
const instance = 'i-lab0001';
const run = promisify(execFile);

let lab: Awaited<ReturnType<typeof launchLab>>;
let home: string;

/** Runs one of the tools; its own words on stdout, an Error with all of them when it fails. */
async function tool(name: string, ...args: string[]): Promise<string> {
  const env = { ...lab.env, PATH: process.env.PATH, HOME: home, ANSIBLE_LOCALHOST_WARNING: 'False', NO_COLOR: '1' };
  const { stdout } = await run(awsTool(name), args, { env, cwd: here, timeout: 200_000 }).catch((cause) => {
    throw new Error(`${cause.message}\n${cause.stdout}\n${cause.stderr}`, { cause });
  });
  return stdout;
}

describe.skipIf(missing !== null)('clients nobody here wrote, unchanged', { timeout: 220_000 }, () => {
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'rollproof-aws-'));
    lab = await launchLab({
      preset: 'lab-fast',
      name: 'web',
      region: 'us-east-1',
      seed: 1,
      knobs: { healthIntervalMs: 200 },
      instances: ['1', '2'].map((n) => ({ target: `staging-${n}`, instance: `i-lab000${n}` })),
      version: 'v1',
    });
  }, 30_000);
  afterAll(async () => {
    await lab?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  it('the AWS CLI takes a target out and puts it back, as our recovery command says', async () => {
    const elb = async (...args: string[]) => JSON.parse(await tool('aws', 'elb', ...args, '--output', 'json'));
    const of = ['--load-balancer-name', 'web', '--instances', instance];
    const left = await elb('deregister-instances-from-load-balancer', ...of);
    expect(left.Instances).toEqual([{ InstanceId: 'i-lab0002' }]);
    const back = await elb('register-instances-with-load-balancer', ...of);
    expect(back.Instances.map((each: { InstanceId: string }) => each.InstanceId).sort()).toEqual([
      instance,
      'i-lab0002',
    ]);
    const described = await elb('describe-load-balancers', '--load-balancer-names', 'web');
    expect(described.LoadBalancerDescriptions[0].ListenerDescriptions[0].Listener.Protocol).toBe('HTTP');
    await expect(elb('describe-instance-health', '--load-balancer-name', 'nope')).rejects.toThrow(
      "(LoadBalancerNotFound) when calling the DescribeInstanceHealth operation: There is no ACTIVE Load Balancer named 'nope'",
    );
    const groups = JSON.parse(await tool('aws', 'elbv2', 'describe-target-groups', '--output', 'json'));
    expect(groups).toEqual({ TargetGroups: [] });
    await vi.waitUntil(
      async () => {
        const { InstanceStates } = await elb('describe-instance-health', '--load-balancer-name', 'web');
        return InstanceStates.every((each: { State: string }) => each.State === 'InService');
      },
      { timeout: 60_000, interval: 500 },
    );
  });

  it('boto3: Classic and ELBv2, waiters and pages, through to real traffic nodes', async () => {
    expect(await tool('python3', 'boto.py', lab.endpoint, 'web', instance)).toBe('done\n');
  });

  it('Ansible: elb_instance, elb_classic_lb, elb_target_group, elb_target and their info modules', async () => {
    const python = `ansible_python_interpreter=${awsTool('python3')}`;
    const vars = ['-e', `endpoint=${lab.endpoint}`, '-e', `instance=${instance}`, '-e', 'balancer=web', '-e', python];
    const said = await tool('ansible-playbook', '-i', 'localhost,', 'playbook.yml', ...vars);
    expect(said).toMatch(/failed=0/);
  });
});
