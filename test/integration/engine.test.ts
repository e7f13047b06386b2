import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type LabHandle, launchLab } from '../../dist/lab/launch.js';
import { type ApiProxy, apiProxy } from '../support/api-proxy.js';
import { rollproof } from '../support/rollproof.js';

const folder = mkdtempSync(join(tmpdir(), 'rollproof-engine-'));
const LAB = fileURLToPath(new URL('../../scenarios/lab.yaml', import.meta.url));
const LIMIT_MS = 120_000;
let lab: LabHandle;
let api: ApiProxy;
let before: Record<string, string | undefined>;

beforeAll(async () => {
  lab = await launchLab({
    preset: 'lab-fast',
    name: 'engine',
    region: 'us-east-1',
    seed: 5,
    // What a read shows may be a second old, all the time.
    knobs: { describeStaleMs: 1_000, throttleRate: 0.1, dropAckRate: 0.1 },
    instances: [
      { target: 'one', instance: 'i-1' },
      { target: 'two', instance: 'i-2' },
    ],
    version: 'v1',
  });
  api = await apiProxy(lab.endpoint);
  const env = { ...lab.env, ROLLPROOF_STATE_DIR: join(folder, 'state') };
  before = Object.fromEntries(Object.keys(env).map((name) => [name, process.env[name]]));
  Object.assign(process.env, env);
}, LIMIT_MS);
afterAll(async () => {
  for (const [name, value] of Object.entries(before)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  api.close();
  await lab.stop();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(() => {
  api.fault = () => null;
});

/** A scenario that meets the lab as it would meet AWS, through the proxy. */
function scenario(name: string, version: string, rollout = ''): string {
  const file = join(folder, `${name}.yaml`);
  const nodes = lab.nodes.map((n) => `"${n.host}:${n.port}"`).join(', ');
  const targets = lab.instances.map(
    (i) => `{ id: ${i.target}, instance: ${i.instance}, url: "http://127.0.0.1:${i.port}/" }`,
  );
  writeFileSync(
    file,
    `extends: ${LAB}
name: ${name}
service: { url: "http://lb.test/" }
balancer: { kind: elb-classic, name: engine, region: us-east-1, endpoint: "${api.endpoint}", autoScaling: none, lockTag: true }
targets: [${targets.join(', ')}]
rollout: { version: ${version}, wait: both, settle: 1s, sleep: { afterDetach: 3s, afterAttach: 1s }, deploy: { command: [rollproof, lab, deploy], timeout: 20s }${rollout} }
traffic: { rate: 100/s, lanes: { long: off }, warmUp: 200ms, baseline: 500ms, settle: 500ms, resolve: { lb.test: [${nodes}] } }
`,
  );
  return file;
}

describe('the engine against an API like AWS’s', () => {
  it(
    'preflight, the dry run, makes Describe calls only',
    async () => {
      api.actions.length = 0;
      const end = await rollproof(['preflight', scenario('dry', 'v2')]).ended;
      expect(end.code, end.out + end.err).toBe(0);
      expect(end.out).toContain('every target is registered with engine');
      expect(api.actions.length).toBeGreaterThan(3);
      expect(api.actions.filter((a) => !a.startsWith('Describe'))).toEqual([]);
    },
    LIMIT_MS,
  );
});
