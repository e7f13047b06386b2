import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LabHandle, launchLab } from '../../dist/lab/launch.js';
import { rollproof } from '../support/rollproof.js';

const folder = mkdtempSync(join(tmpdir(), 'rollproof-trouble-'));
const LAB = fileURLToPath(new URL('../../scenarios/lab.yaml', import.meta.url));
const LIMIT_MS = 90_000;
const ENV = {
  ROLLPROOF_STATE_DIR: join(folder, 'state'),
  AWS_ACCESS_KEY_ID: 'lab',
  AWS_SECRET_ACCESS_KEY: 'lab',
} as const;
let lab: LabHandle;

beforeAll(async () => {
  Object.assign(process.env, ENV);
  lab = await launchLab({
    preset: 'lab-fast',
    name: 'trouble',
    region: 'us-east-1',
    seed: 3,
    // Some calls throttled, some acknowledgements lost: the SDK has to ask again.
    knobs: { throttleRate: 0.1, dropAckRate: 0.15 },
    instances: [
      { target: 'one', instance: 'i-1' },
      { target: 'two', instance: 'i-2' },
    ],
    version: 'v1',
  });
}, LIMIT_MS);
afterAll(async () => {
  await lab.stop();
  for (const name of Object.keys(ENV)) delete process.env[name];
  rmSync(folder, { recursive: true, force: true });
});

/** A scenario that meets the lab as it would meet AWS. */
function scenario(name: string): string {
  const file = join(folder, `${name}.yaml`);
  const nodes = lab.nodes.map((n) => `"${n.host}:${n.port}"`).join(', ');
  writeFileSync(
    file,
    `extends: ${LAB}
name: ${name}
service: { url: "http://lb.test/" }
balancer: { kind: elb-classic, name: trouble, region: us-east-1, endpoint: "${lab.endpoint}" }
targets: [{ id: one, instance: i-1 }, { id: two, instance: i-2 }]
rollout: { sleep: { afterDetach: 30s }, deploy: { command: ["true"] } }
traffic: { rate: 50/s, lanes: { long: off }, warmUp: 200ms, baseline: 500ms, resolve: { lb.test: [${nodes}] } }
`,
  );
  return file;
}

const run = (name: string) => rollproof(['run', scenario(name), '--yes', '--force', '-o', join(folder, 'out')]);
const recover = () => rollproof(['recover', join(folder, 'out', 'latest')]).ended;

/** Who is registered, by the lab's own word. */
async function members(): Promise<string[]> {
  const headers = { authorization: `Bearer ${lab.controlToken}` };
  const state = (await (await fetch(`${lab.controlUrl}/state`, { headers })).json()) as {
    loadBalancers: { instances: { instance: string; phase: string }[] }[];
  };
  const there = ['in-service', 'registering', 'initial'];
  return (state.loadBalancers[0]?.instances ?? [])
    .filter((i) => there.includes(i.phase))
    .map((i) => i.instance)
    .sort();
}

describe('somebody’s servers, when things go wrong', () => {
  it(
    'a run that is alive keeps others out; killed, `recover` finds it without being told and attaches, once',
    async () => {
      const first = run('killed');
      await first.seen('sleep 30 s');
      expect(await recover()).toMatchObject({ code: 3, err: expect.stringContaining('another run works on this') });
      const second = await rollproof(['run', scenario('killed'), '--yes', '--force', '-o', join(folder, 'elsewhere')])
        .ended;
      expect(second).toMatchObject({ code: 3, err: expect.stringContaining('another run works on this') });
      first.child.kill('SIGKILL');
      await first.ended;
      expect(await members()).toEqual(['i-2']);
      expect(await recover()).toMatchObject({ code: 0, out: expect.stringContaining('one: attached again') });
      expect(await recover()).toMatchObject({ code: 0, out: 'nothing is detached\n' });
      await expect.poll(members, { timeout: 10_000 }).toEqual(['i-1', 'i-2']);
    },
    LIMIT_MS,
  );

  it(
    'an exception nobody caught attaches again and ends with 70, never with 1',
    async () => {
      const bomb = join(folder, 'bomb.mjs');
      writeFileSync(
        bomb,
        `import { existsSync } from 'node:fs';
if (process.argv[2] === 'run') setInterval(() => { if (existsSync(${JSON.stringify(join(folder, 'now'))})) throw new Error('boom'); }, 50);
`,
      );
      process.env.NODE_OPTIONS = `--import ${bomb}`;
      const broken = run('broken');
      delete process.env.NODE_OPTIONS;
      await broken.seen('sleep 30 s');
      writeFileSync(join(folder, 'now'), '');
      const end = await broken.ended;
      expect(end.err).toContain('internal error: boom');
      expect(end.code, end.err).toBe(70);
      expect(end.err).toContain('recovery of one: attached again');
      await expect.poll(members, { timeout: 10_000 }).toEqual(['i-1', 'i-2']);
    },
    LIMIT_MS,
  );
});
