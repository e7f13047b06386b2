import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type EngineRig, engineRig } from '../support/engine-rig.js';

const folder = mkdtempSync(join(tmpdir(), 'rollproof-engine-'));
const rigs: EngineRig[] = [];
afterAll(async () => {
  for (const rig of rigs) await rig.stop();
  rmSync(folder, { recursive: true, force: true });
});
const LIMIT_MS = 150_000;
/** What a read shows may be a second old, all the time; replies get lost and calls refused. */
const ROUGH = { describeStaleMs: 1_000, throttleRate: 0.1, dropAckRate: 0.1 };
const WHOLE = { 'i-1': 'in-service', 'i-2': 'in-service' };
/** A target the balancer does not have. */
const STRANGE = '{ id: one, instance: i-1 }, { id: three, instance: i-3 }';
const ROLLED = ['detach one null', 'attach one null', 'detach two null', 'attach two null'];

async function rigOf(name: string, knobs: Readonly<Record<string, unknown>> = ROUGH): Promise<EngineRig> {
  const rig = await engineRig(folder, name, knobs);
  rigs.push(rig);
  return rig;
}

/** The roll went through, every change was acknowledged, and nobody outside noticed anything. */
async function expectSound(rig: EngineRig): Promise<void> {
  expect(await rig.phases()).toEqual(WHOLE);
  const { fewestInService, failures, answers } = rig.watched();
  expect({ fewestInService, failures }).toEqual({ fewestInService: 1, failures: [] });
  expect(answers).toBeGreaterThan(50);
}

const callsOf = (rig: EngineRig, name: string) =>
  rig.events(name).flatMap((e) => (e.kind === 'balancer-call' ? [`${e.operation} ${e.target} ${e.error}`] : []));

// They mostly wait: a few at a time.
describe.concurrent('the engine against an API like AWS’s', () => {
  // The longest first.
  it.each([
    ['first', ['detach one', 'await one drained', 'deploy one', 'attach one'], 'v2'],
    ['second', ['sleep 3 s', 'that is put right before anything else', 'detach two', 'attach two'], 'v2'],
  ] as const)(
    'killed -9 again and again (%s series), each rerun attaches first; capacity never falls below minInService',
    async (series, moments, version) => {
      const rig = await rigOf(`killed-${series}`);
      const file = rig.scenario(`killed-${series}`, version);
      let left = false;
      for (const moment of moments) {
        const killed = rig.run(file);
        await killed.seen(moment);
        killed.child.kill('SIGKILL');
        const { err } = await killed.ended;
        if (left) expect(err).toMatch(/was cut short and left one out: that is put right before anything else/);
        left = ['await one drained', 'deploy one', 'sleep 3 s'].includes(moment);
      }
      const end = await rig.run(file, ['--json']).ended;
      expect(rig.summary(end), end.err).toEqual({ deploy: 'complete', failed: 0 });
      await expectSound(rig);
    },
    LIMIT_MS,
  );

  it(
    'the lab’s own trouble, every kind at once: retried, journalled, nothing fails',
    async () => {
      const rig = await rigOf('knobs', {
        throttleRate: 0.2,
        apiErrorRate: 0.1,
        apiErrorCount: 2,
        // There are four changes: most of their replies get lost, or the roll might see none.
        dropAckRate: 0.75,
        describeStaleMs: 1_500,
        invalidInstanceForMs: 4_000,
        apiLatencyMs: [50, 400],
      });
      const end = await rig.run(rig.scenario('knobs', 'v2'), ['--json']).ended;
      expect(rig.summary(end), end.err).toEqual({ deploy: 'complete', failed: 0 });
      const errors = rig.events('knobs').flatMap((e) => (e.kind === 'balancer-retry' ? [e.error] : []));
      for (const code of ['Throttling', 'InternalFailure', 'InvalidInstance', 'could not ask'])
        expect(errors.join('\n')).toContain(code);
      expect(callsOf(rig, 'knobs')).toEqual(ROLLED);
      await expectSound(rig);
    },
    LIMIT_MS,
  );

  it(
    'throttled, answered with 5xx, unknown instances, replies lost, stale reads: retried, journalled, nothing fails',
    async () => {
      const rig = await rigOf('trouble');
      rig.api.fault = (action, nth) => {
        if (action === 'RegisterInstancesWithLoadBalancer' && nth <= 3) return { status: 400, code: 'InvalidInstance' };
        if (action === 'DeregisterInstancesFromLoadBalancer' && nth === 1) return 'lost-reply';
        if (action === 'DescribeInstanceHealth' && nth % 4 === 0) return { status: 503, code: 'ServiceUnavailable' };
        return nth % 3 === 0 ? { status: 400, code: 'Throttling' } : null;
      };
      const end = await rig.run(rig.scenario('trouble', 'v2'), ['--json']).ended;
      expect(rig.summary(end), end.err).toEqual({ deploy: 'complete', failed: 0 });
      const retries = rig.events('trouble').flatMap((e) => (e.kind === 'balancer-retry' ? [e.error] : []));
      for (const code of ['InvalidInstance', 'Throttling', 'ServiceUnavailable'])
        expect(retries.join('\n')).toContain(code);
      expect(retries.length).toBeGreaterThan(5);
      expect(callsOf(rig, 'trouble')).toEqual(ROLLED);
      await expectSound(rig);
    },
    LIMIT_MS,
  );

  it(
    'of two runs at once the second refuses, from here and from another machine, and nothing fails',
    async () => {
      const rig = await rigOf('twice');
      const file = rig.scenario('first', 'v3');
      const first = rig.run(file, ['--json']);
      await first.seen('detach one');
      const second = await rig.run(rig.scenario('second', 'v4')).ended;
      expect(second).toMatchObject({ code: 3, err: expect.stringContaining('another run works on this') });
      // Another machine has another state directory: the tag on the balancer keeps it out.
      const third = await rig.run(rig.scenario('third', 'v4'), [], join(folder, 'twice', 'elsewhere')).ended;
      expect(third).toMatchObject({ code: 3, err: expect.stringContaining('the load balancer is locked: first') });
      const unlock = await rig.command(['unlock', file, '--force']).ended;
      expect(unlock).toMatchObject({ code: 3, err: expect.stringContaining('that run is alive') });
      const end = await first.ended;
      expect(rig.summary(end), end.err).toEqual({ deploy: 'complete', failed: 0 });
      expect(await rig.command(['unlock', file]).ended).toMatchObject({ code: 0, out: 'nobody holds the lock\n' });
      await expectSound(rig);
    },
    LIMIT_MS,
  );

  it(
    'preflight, the dry run, makes Describe calls only; its exit code says whether run would go on',
    async () => {
      const rig = await rigOf('dry', { describeStaleMs: 1_000, throttleRate: 0.1 });
      const file = rig.scenario('dry', 'v2');
      const sound = await rig.command(['preflight', file]).ended;
      expect(sound.code, sound.out + sound.err).toBe(0);
      expect(sound.out).toContain('every target is registered with dry');
      expect(rig.api.actions.length).toBeGreaterThan(3);
      const refused = await rig.command(['preflight', rig.scenario('strange', 'v2', { targets: STRANGE }), '--json'])
        .ended;
      expect(refused.code, refused.err).toBe(3);
      expect(JSON.parse(refused.out)).toMatchObject({
        findings: expect.arrayContaining([expect.objectContaining({ id: 'member', level: 'refused' })]),
      });
      const nowhere = await rig.command(['preflight', rig.scenario('nowhere', 'v2', { balancerName: 'nobody' })]).ended;
      expect(nowhere).toMatchObject({ code: 69, err: expect.stringContaining('LoadBalancerNotFound') });
      expect(rig.api.actions.filter((a) => !a.startsWith('Describe'))).toEqual([]);
    },
    LIMIT_MS,
  );
});
