import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunResult } from '../../src/domain/result.js';
import { gocdAgent, gocdJobs } from '../support/gocd.js';
import { rollproof } from '../support/rollproof.js';
import { inService, stepLabs } from '../support/step-labs.js';

const folder = mkdtempSync(join(tmpdir(), 'rollproof-blue-green-'));
const LIMIT_MS = 180_000;
const labs = stepLabs(folder);
afterAll(async () => {
  await labs.stop();
  rmSync(folder, { recursive: true, force: true });
});
const [BLUE, GREEN, BOTH] = ['i-1 i-2', 'i-3 i-4', 'i-1 i-2 i-3 i-4'];
const bench = (name: string, sleep: string) =>
  labs.bench(name, {
    targets: ['blue-1', 'blue-2', 'green-1', 'green-2'],
    outside: ['green-1', 'green-2'],
    rollout: `{ strategy: blue-green, blueGreen: { green: [green-1, green-2], blue: [blue-1, blue-2] }, sleep: ${sleep} }`,
  });

describe('a blue-green deploy, a process per step', () => {
  it(
    'as the exported GoCD pipeline comes to the verdict that run comes to, and blue stays out',
    async () => {
      const sleep = '{ afterDetach: 500ms, afterAttach: 1s }';
      const [stepwise, whole] = await Promise.all([bench('stepwise', sleep), bench('whole', sleep)]);
      const asOne = rollproof(['run', 'plan.yaml', '--yes', '--json'], { env: whole.env, cwd: whole.dir });
      const { env, dir, lab } = stepwise;
      const file = await rollproof(['export', 'gocd', 'plan.yaml', '--name', 'svc'], { env, cwd: dir }).ended;
      expect(file.err).toMatch(/note: the groups of staging change places with every blue-green deploy/);
      const { jobs, variables } = gocdJobs(file.out, 'svc-staging');
      expect(jobs.map((j) => j.stage)).toEqual(['green-deploy', 'green-in', 'blue-out', 'verify']);
      const go = { GO_PIPELINE_NAME: 'svc-staging', GO_PIPELINE_COUNTER: '1', GO_STAGE_COUNTER: '1' };
      const agent = gocdAgent(dir, { ...variables, ...env, ...go });
      for (const { stage, tasks } of jobs) {
        for (const end of await agent.runAll(tasks)) expect(end, `${stage}: ${end.err}`).toMatchObject({ code: 0 });
        if (stage === 'green-in') expect(await inService(lab)).toBe(BOTH);
        // What is meant to stay out is nobody's to attach.
        if (stage === 'blue-out')
          expect(await agent.run({ command: 'rollproof', arguments: ['recover', '--wait'] })).toMatchObject({
            code: 0,
            out: 'nothing is detached\n',
          });
      }
      const one = JSON.parse((await asOne.ended).out) as RunResult;
      const many = JSON.parse(readFileSync(join(dir, 'rollproof-out', 'result.json'), 'utf8')) as RunResult;
      expect(many.verdict, JSON.stringify(many.verdict)).toMatchObject({ kind: 'PASS', exitCode: 0 });
      expect([many.verdict.kind, many.verdict.codes]).toEqual([one.verdict.kind, one.verdict.codes]);
      const steps = (r: RunResult) => r.timeline.steps.map((s) => `${s.stage} ${s.kind} ${s.target}`);
      expect(steps(many)).toEqual(steps(one));
      expect(many.run.engine?.capabilities.name, 'what the engine sees is on record here too').toBe('embedded');
      expect(await inService(lab)).toBe(GREEN);
    },
    LIMIT_MS,
  );

  it(
    'cut in the middle: blue comes back, green goes, no PASS, and the next attempt may begin',
    async () => {
      const { dir, lab, env: given } = await bench('cut', '{ afterDetach: 20s, afterAttach: 2s }');
      const env = { ...given, ROLLPROOF_PLAN: 'plan.yaml', ROLLPROOF_RUN_ID: 'cut-1' };
      const start = (...argv: string[]) => rollproof(argv, { env, cwd: dir });
      const run = async (code: number, ...argv: string[]) => {
        const end = await start(...argv).ended;
        expect(end, `${argv.join(' ')}: ${end.err}`).toMatchObject({ code });
        return end;
      };
      await run(0, 'preflight');
      await run(0, 'traffic', 'start', '--detach', '--max-duration', '2m');
      await run(0, 'stage', 'green-deploy');

      // Told to stop while green comes in: it goes again by the stage's own way out, and may come in anew.
      const joining = start('stage', 'green-in');
      await joining.seen('sleep 2 s');
      joining.child.kill('SIGTERM');
      expect(await joining.ended).toMatchObject({ code: 143, err: expect.stringMatching(/green-1, green-2 out/) });
      expect(await inService(lab)).toBe(BLUE);
      await run(0, 'stage', 'green-in');

      // Killed outright while blue leaves: recover does what it could not.
      await run(0, 'detach', 'blue-1');
      const leaving = start('stage', 'blue-out');
      await leaving.seen('sleep 20 s');
      expect(await inService(lab)).toBe(GREEN);
      leaving.child.kill('SIGKILL');
      await leaving.ended;
      const recovered = await run(0, 'recover', '--wait');
      expect(recovered.out).toMatch(/blue-1: attached again\n.*blue-2: attached again\n/s);
      expect(recovered.out).toMatch(/green-1: taken out again.*\n.*green-2: taken out again/s);
      await expect.poll(() => inService(lab), { timeout: 10_000 }).toBe(BLUE);
      await run(143, 'verify', '--partial');
      const result = JSON.parse(readFileSync(join(dir, 'rollproof-out', 'result.json'), 'utf8')) as RunResult;
      expect(result).toMatchObject({
        verdict: { kind: 'INCONCLUSIVE' },
        run: { deploy: 'interrupted', stillDetached: [] },
      });
      await run(0, 'preflight');
    },
    LIMIT_MS,
  );
});
