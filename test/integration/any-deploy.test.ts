import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/domain/event.js';
import { MAIN, rollproof, runDirectoryIn } from '../support/rollproof.js';

const out = mkdtempSync(join(tmpdir(), 'rollproof-any-'));
afterAll(() => rmSync(out, { recursive: true, force: true }));
const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const LAB = path('../../scenarios/lab.yaml');
const DEPLOY = path('any-deploy/deploy.sh');
const LIMIT_MS = 90_000;

/** The lab scenario with everything that takes time made shorter, and no deploy of its own. */
function scenario(name: string, leavesMs: readonly [number, number]): string {
  const file = join(out, `${name}.yaml`);
  writeFileSync(
    file,
    `extends: ${LAB}
name: ${name}
balancer: { knobs: { registerDelayMs: 50, registerPropagationMs: [20, 60], deregisterPropagationMs: [${leavesMs.join(', ')}], healthIntervalMs: 200, healthTimeoutMs: 150, startupDelayMs: 50 } }
rollout: { deploy: none }
traffic: { rate: 200/s, lanes: { long: { rate: 10/s, minHold: 200ms, maxHold: 400ms } }, warmUp: 500ms, baseline: 2500ms, settle: 500ms }
policy: { slo: 0.99, gates: { minBaseline: 300 } }
`,
  );
  return file;
}

const events = (name: string): RunEvent[] =>
  readFileSync(join(runDirectoryIn(out, name), 'events.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => JSON.parse(line));

function deployed(
  name: string,
  env: Readonly<Record<string, string>>,
  { options = [], leavesMs = [500, 600] }: { options?: readonly string[]; leavesMs?: readonly [number, number] } = {},
) {
  const argv = [
    'run',
    scenario(name, leavesMs),
    '-o',
    out,
    '--json',
    '--watch-every',
    '150ms',
    ...options,
    '--',
    DEPLOY,
    'now',
  ];
  return rollproof(argv, { env: { ELB: path('any-deploy/elb.mjs'), MAIN, ...env } });
}

const resultOf = ({ out: json, err }: { out: string; err: string }) => {
  expect(json, err).not.toBe('');
  return JSON.parse(json);
};

describe('a deploy by a script of one’s own', () => {
  it(
    'passes when it waits long enough, its times known from polls and marks',
    async () => {
      const end = await deployed('any-clean', { DRAIN: '1.3', BACK: '1.3' }).ended;
      const result = resultOf(end);
      expect(result.verdict, end.err).toMatchObject({ kind: 'PASS', exitCode: 0 });
      expect(end.code).toBe(0);
      expect(result.timeline.calls).toHaveLength(4);
      expect(result.timeline.calls.every((c: { observed?: true }) => c.observed === true)).toBe(true);
      // The script marks its detaches: those are known better than to one poll.
      const detaches = result.timeline.calls.filter((c: { operation: string }) => c.operation === 'detach');
      expect(
        Math.min(...detaches.map((c: { requestedAt: number; respondedAt: number }) => c.respondedAt - c.requestedAt)),
      ).toBeGreaterThan(0);
      expect(events('any-clean').filter((e) => e.kind === 'balancer-mark').length).toBe(8);
      expect(result.timeline.deploys[0]).toMatchObject({ exitCode: 0, command: expect.arrayContaining(['now']) });
      expect(result.claims.marginMs).toBeGreaterThan(0);
    },
    LIMIT_MS,
  );

  it.concurrent(
    'fails with the right first cause when it does not',
    async () => {
      // Two programs start between the detach and the stop: on a busy machine that alone can take five seconds.
      const end = await deployed('any-short', { DRAIN: '0', BACK: '0.5' }, { leavesMs: [15_000, 15_100] }).ended;
      const result = resultOf(end);
      expect(result.verdict, end.err).toMatchObject({ kind: 'FAIL', codes: ['DOWNTIME_OBSERVED'] });
      expect(['ROUTED_TO_STOPPED', 'INFLIGHT_CUT']).toContain(result.outages[0].causes[0].code);
      expect(result.outages[0].causes[0].target).toBe('staging-1');
      expect(result.outages[0].causes[0].hint).not.toContain('rollout.sleep');
    },
    LIMIT_MS,
  );

  it.concurrent(
    'that fails midway does not pass, and what it left detached is named, not touched',
    async () => {
      const env = { DRAIN: '0.5', BACK: '1', FAIL_ON: 'staging-1' };
      const end = await deployed('any-midway', env).ended;
      const result = resultOf(end);
      expect(result.verdict.kind, end.err).not.toBe('PASS');
      expect(result.verdict.codes).toContain('DEPLOY_INCOMPLETE');
      expect(result.run.stillDetached).toEqual(['staging-1']);
      expect(result.timeline.deploys[0]).toMatchObject({
        exitCode: 7,
        outputTail: expect.stringContaining('disk full'),
      });
      expect(end.err).toMatch(/STILL DETACHED: staging-1\n.*register-instances-with-load-balancer/);
      expect(events('any-midway').some((e) => e.kind === 'balancer-call')).toBe(false);
    },
    LIMIT_MS,
  );

  it.concurrent(
    'is ended with rollproof by Ctrl-C, and what is out is attached when that was asked for',
    async () => {
      const run = deployed('any-stop', { DRAIN: '30', BACK: '1' }, { options: ['--attach-left'] });
      await run.seen('staging-1 is unused');
      run.child.kill('SIGINT');
      const end = await run.ended;
      expect(end.code, end.err).toBe(130);
      expect(end.err).toContain('ending the deploy command');
      const seen = events('any-stop');
      expect(seen.find((e) => e.kind === 'external-ended')).toMatchObject({
        error: expect.stringContaining('stopped'),
      });
      expect(seen.at(-1)).toMatchObject({ kind: 'run-ended', deploy: 'interrupted', stillDetached: [] });
    },
    LIMIT_MS,
  );
});
