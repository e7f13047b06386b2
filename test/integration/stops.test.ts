import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { rollproof, runDirectoryIn } from '../support/rollproof.js';

const out = mkdtempSync(join(tmpdir(), 'rollproof-stops-'));
afterAll(() => rmSync(out, { recursive: true, force: true }));
const LAB = fileURLToPath(new URL('../../scenarios/lab.yaml', import.meta.url));
const LIMIT_MS = 90_000;

/** The lab scenario under a name of its own, so that each test finds its run. */
function scenario(name: string): string {
  const file = join(out, `${name}.yaml`);
  writeFileSync(file, `extends: ${LAB}\nname: ${name}\n`);
  return file;
}

function eventsOf(name: string): { kind: string; [key: string]: unknown }[] {
  const text = readFileSync(join(runDirectoryIn(out, name), 'events.ndjson'), 'utf8');
  return text
    .split('\n')
    .filter((l) => l.endsWith('}'))
    .map((l) => JSON.parse(l));
}

const reportCode = async (name: string) => {
  const { code, out: json } = await rollproof(['report', runDirectoryIn(out, name), '--json']).ended;
  return { code, verdict: JSON.parse(json).verdict };
};

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (gone) {
    void gone;
    return false;
  }
}

describe('a run that does not get to its end', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 143],
  ] as const)(
    '%s attaches what was detached, reports, and exits %i',
    async (signal, code) => {
      const name = `stop-${signal.toLowerCase()}`;
      const run = rollproof(['run', scenario(name), '-o', out]);
      await run.seen('detach staging-1');
      run.child.kill(signal);
      const end = await run.ended;
      expect(end.code, end.err).toBe(code);
      expect(end.err).toContain('attaching staging-1 again');
      expect(eventsOf(name)).toEqual(
        expect.arrayContaining([expect.objectContaining({ kind: 'recovery', target: 'staging-1', ok: true })]),
      );
      expect(eventsOf(name).at(-1)).toMatchObject({ kind: 'run-ended', stillDetached: [] });
      expect(end.out).toMatch(/INCONCLUSIVE.*INTERRUPTED/);
    },
    LIMIT_MS,
  );

  it(
    'a second Ctrl-C ends at once and prints the exact command that attaches again',
    async () => {
      // The signals arrive together: the first is still waiting for traffic to end.
      const run = rollproof(['run', scenario('stop-twice'), '-o', out]);
      await run.seen('detach staging-1');
      run.child.kill('SIGINT');
      await run.seen('stopping');
      run.child.kill('SIGINT');
      const end = await run.ended;
      expect(end.code).toBe(130);
      expect(end.err).toContain('ended at once');
      const left = eventsOf('stop-twice').some((e) => e.kind === 'recovery');
      if (!left)
        expect(end.err).toMatch(/aws elb register-instances-with-load-balancer .* --instances i-00000000000000001/);
    },
    LIMIT_MS,
  );

  it(
    'kill -9 leaves facts that report, and not as PASS; no lab process survives',
    async () => {
      const run = rollproof(['run', scenario('killed'), '-o', out]);
      await run.seen('deploy staging-1');
      await run.seen('is healthy');
      const children = readFileSync(`/proc/${run.child.pid}/task/${run.child.pid}/children`, 'utf8')
        .trim()
        .split(' ')
        .map(Number);
      expect(children.length).toBeGreaterThan(0);
      run.child.kill('SIGKILL');
      await run.ended;
      await vi.waitUntil(() => !children.some(isAlive), { timeout: 10_000 });
      const { code, verdict } = await reportCode('killed');
      expect(verdict.kind).not.toBe('PASS');
      expect(verdict.codes).toContain('FACTS_INCOMPLETE');
      expect(code).toBe(2);
      const recover = await rollproof(['recover', runDirectoryIn(out, 'killed')]).ended;
      expect(recover).toMatchObject({ code: 64, err: expect.stringContaining('staging-1 was detached in a lab') });
    },
    LIMIT_MS,
  );

  it(
    'a disk that fills up stops the roll, attaches again, and is never a PASS',
    async () => {
      const run = rollproof(['run', scenario('full'), '-o', out], { limitFileKiB: 150 });
      const end = await run.ended;
      expect(end.err).toMatch(/cannot write to/);
      expect(end.code).not.toBe(0);
      const { verdict } = await reportCode('full');
      expect(verdict.kind).not.toBe('PASS');
      const attach = eventsOf('full').filter((e) => e.kind === 'balancer-call');
      expect(attach.filter((e) => e.operation === 'detach').length).toBe(
        attach.filter((e) => e.operation === 'attach').length,
      );
    },
    LIMIT_MS,
  );
});
