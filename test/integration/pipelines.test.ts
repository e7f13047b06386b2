import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { analyze } from '../../src/analyze.js';
import type { RunResult } from '../../src/domain/result.js';
import { readFacts } from '../../src/journal/facts.js';
import { isAlive } from '../../src/pipeline/deployers/process-group.js';
import { trafficPid } from '../../src/run/traffic-process.js';
import { type ExecTask, gocdAgent, gocdJobs } from '../support/gocd.js';
import { rollproof } from '../support/rollproof.js';
import { inService, stepLabs } from '../support/step-labs.js';

const folder = mkdtempSync(join(tmpdir(), 'rollproof-pipelines-'));
const LIMIT_MS = 180_000;
const labs = stepLabs(folder);
afterAll(async () => {
  await labs.stop();
  rmSync(folder, { recursive: true, force: true });
});
const bench = (name: string, afterDetach: string) =>
  labs.bench(name, {
    targets: ['server-1', 'server-2'],
    rollout: `{ sleep: { afterDetach: ${afterDetach}, afterAttach: 1500ms } }`,
  });

/** The exported pipeline, and an agent that runs its tasks in a checkout that holds the plan. */
async function exported({ dir, env }: { readonly dir: string; readonly env: Readonly<Record<string, string>> }) {
  const end = await rollproof(['export', 'gocd', 'plan.yaml', '--name', 'svc'], { env, cwd: dir }).ended;
  expect(end.code, end.err).toBe(0);
  const { jobs, variables } = gocdJobs(end.out, 'svc-staging');
  const go = {
    GO_PIPELINE_NAME: 'svc-staging',
    GO_PIPELINE_COUNTER: '7',
    GO_STAGE_COUNTER: '1',
    GO_TRIGGER_USER: 'anna',
  };
  const agent = gocdAgent(dir, { ...variables, ...env, ...go });
  const runDirs = () => {
    const runs = join(env.ROLLPROOF_STATE_DIR ?? '', 'runs', 'svc-staging-7');
    return readdirSync(runs)
      .sort()
      .map((stamp) => join(runs, stamp));
  };
  const result = () => JSON.parse(readFileSync(join(dir, 'rollproof-out', 'result.json'), 'utf8')) as RunResult;
  return { jobs, agent, runDirs, result };
}

describe('the GoCD pipeline that export writes, a process per task', () => {
  it(
    'rolls, leaves a report after every job, and comes to the verdict that run comes to; a missing part is never a PASS',
    async () => {
      const [stepwise, whole] = await Promise.all([bench('stepwise', '500ms'), bench('whole', '500ms')]);
      const asOne = rollproof(['run', 'plan.yaml', '--yes', '--json'], { env: whole.env, cwd: whole.dir });
      const { jobs, agent, runDirs, result } = await exported(stepwise);
      expect(jobs.map((j) => j.stage)).toEqual(['server-1-out', 'server-1-in', 'server-2', 'verify']);
      for (const { stage, tasks } of jobs) {
        const ends = await agent.runAll(tasks);
        expect(ends.map((e) => `${e.task}: ${e.code} ${e.code === 0 ? '' : e.err + e.out}`)).not.toContainEqual(
          expect.not.stringMatching(/: 0 $/),
        );
        expect(agent.hasReport()).toBe(true);
        if (stage === 'verify') continue;
        const said = JSON.stringify(result().checks.filter((c) => c.status !== 'pass'));
        expect(result().verdict.kind, `${stage}: ${said}`).toBe('INCONCLUSIVE');
        expect(result().verdict.codes).toContain('FACTS_INCOMPLETE');
        expect(readFileSync(join(stepwise.dir, 'rollproof-out', 'report.html'), 'utf8')).toContain('partial report');
      }
      const end = await asOne.ended;
      const one = JSON.parse(end.out) as RunResult;
      const many = result();
      expect(many.verdict, JSON.stringify(many.verdict)).toMatchObject({ kind: 'PASS', exitCode: 0 });
      expect([many.verdict.kind, many.verdict.codes]).toEqual([one.verdict.kind, one.verdict.codes]);
      const steps = (r: RunResult) => r.timeline.steps.map((s) => `${s.stage} ${s.kind}`);
      expect(steps(many)).toEqual(steps(one));
      expect(await inService(stepwise.lab)).toBe('i-1 i-2');
      const [dir = ''] = runDirs();
      expect(isAlive(trafficPid(dir)?.pid ?? 0, trafficPid(dir)?.born ?? null)).toBe(false);
      const unlock = await rollproof(['unlock', 'plan.yaml'], { env: stepwise.env, cwd: stepwise.dir }).ended;
      expect(unlock).toMatchObject({ code: 0, out: 'nobody holds the lock\n' });
      expectNeverPassWithout(dir);
    },
    LIMIT_MS,
  );

  it(
    'cancelled in the middle, all is attached again and the verdict is no PASS; a rerun whose traffic dies is none either',
    async () => {
      const made = await bench('cancelled', '20s');
      const { jobs, agent, runDirs, result } = await exported(made);
      const tasks = jobs[0]?.tasks ?? [];
      const [stage] = tasks.filter((t) => t.on_cancel !== undefined);
      if (stage?.on_cancel === undefined) throw new Error('the stage has no on_cancel');
      const before = tasks.slice(0, tasks.indexOf(stage));
      await expectAllPass(agent, before);
      const running = agent.start(stage);
      await running.seen('sleep 20 s');
      expect(await inService(made.lab)).toBe('i-2');
      running.child.kill('SIGTERM');
      const cancelled = await agent.run(stage.on_cancel.exec);
      expect(cancelled, cancelled.err).toMatchObject({ code: 0 });
      // Told twice: by its own way out, or at once when the second signal meets it writing its report.
      expect([143, null]).toContain((await running.ended).code);
      expect(await inService(made.lab)).toBe('i-1 i-2');
      const ends = await agent.runAll(tasks, true);
      expect(ends.map((e) => [e.task.split(' ')[0], e.code])).toEqual([
        ['recover', 0],
        ['verify', 143],
      ]);
      expect(result().verdict.kind).toBe('INCONCLUSIVE');
      expect(result().verdict.codes).toContain('INTERRUPTED');
      expect(agent.hasReport()).toBe(true);

      // A rerun of the stage begins anew; GoCD's own cancel is the on_cancel task alone.
      const rerun = { GO_STAGE_COUNTER: '2' };
      for (const task of before) expect((await agent.run(task, rerun)).code).toBe(0);
      const second = agent.start(stage, rerun);
      await second.seen('sleep 20 s');
      const dirs = runDirs();
      expect(dirs.length).toBe(2);
      process.kill(trafficPid(dirs[1] ?? '')?.pid ?? 0, 'SIGKILL');
      const died = await second.ended;
      expect(died, died.err).toMatchObject({ code: 3, err: expect.stringContaining('the traffic process is gone') });
      await agent.runAll(tasks, true);
      expect(result().verdict.kind).not.toBe('PASS');
      expect(result().verdict.codes).toContain('FACTS_INCOMPLETE');
      await expect.poll(() => inService(made.lab), { timeout: 10_000 }).toBe('i-1 i-2');
    },
    LIMIT_MS,
  );
});

async function expectAllPass(agent: ReturnType<typeof gocdAgent>, tasks: readonly ExecTask[]): Promise<void> {
  for (const task of tasks) {
    const end = await agent.run(task);
    expect(end, end.err).toMatchObject({ code: 0 });
  }
}

/** The facts of a PASS, with any part of the journal or samples gone or cut: whatever it is, not a PASS. */
function expectNeverPassWithout(dir: string): void {
  const copy = `${dir}-copy`;
  const kindWithout = (change: (dir: string) => void): string => {
    rmSync(copy, { recursive: true, force: true });
    cpSync(dir, copy, { recursive: true });
    change(copy);
    return analyze(readFacts(copy)).verdict.kind;
  };
  expect(kindWithout(() => undefined)).toBe('PASS');
  const parts = readdirSync(join(dir, 'events')).map((name) => join('events', name));
  expect(parts.length).toBeGreaterThanOrEqual(5);
  for (const name of [...parts, 'samples/embedded.arrows']) {
    expect([name, kindWithout((d) => rmSync(join(d, name)))]).not.toContain('PASS');
  }
  for (const name of ['events.ndjson', ...parts]) {
    const text = readFileSync(join(dir, name));
    const ends = [...text.keys()].filter((i) => text[i] === 10 && i < text.length - 1).map((i) => i + 1);
    // Cut behind a line, and inside one: the header line of events.ndjson must stay, or it is no run at all.
    const picked = [ends[0], ends[Math.floor(ends.length / 2)], ends.at(-1), (ends.at(-1) ?? 0) + 9];
    for (const size of picked.filter((s) => s !== undefined))
      expect([name, size, kindWithout((d) => truncateSync(join(d, name), size))]).not.toContain('PASS');
  }
}
