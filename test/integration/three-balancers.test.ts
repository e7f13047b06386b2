import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunResult } from '../../src/domain/result.js';
import { haproxyOrSkip } from '../lab/haproxy/tools.js';
import { rollproof } from '../support/rollproof.js';

const out = mkdtempSync(join(tmpdir(), 'rollproof-three-'));
afterAll(() => rmSync(out, { recursive: true, force: true }));

/** One scenario; only the balancer block differs, and how long the roll waits after a detach. */
const scenario = (kind: string, afterDetach: string) => `
name: three
service: { url: "http://lab.local/", ok: { status: [200] } }
balancer:
  kind: lab
  seed: 7
  knobs: { kind: ${kind} }
targets:
  - { id: staging-1, instance: i-00000000000000001 }
  - { id: staging-2, instance: i-00000000000000002 }
rollout:
  sleep: { afterDetach: ${afterDetach}, afterAttach: 3500ms }
  version: v2
  previousVersion: v1
  deploy: { command: [rollproof, lab, deploy], timeout: 20s }
traffic:
  rate: 100/s
  lanes: { new: 1, reuse: 1, long: { rate: 8/s, path: "/hold?ms={ms}", minHold: 1500ms, maxHold: 2s } }
  timeout: 5s
  warmUp: 500ms
  baseline: 2s
  settle: 1s
# The runs share this machine with each other and say nothing about fine resolution: only who left, who came, what failed.
policy:
  slo: 98%
  fullOutage: 2s
  targetOutage: 5s
  gates: { maxStall: 1500ms, late: 1500ms, maxLate: 0.5, maxDropped: 0.05, minBaseline: 100, maxControlFailed: 0.05 }
`;

/**
 * What a short sleep may be blamed on: AWS's nodes hear late and go on sending, unless the deploy takes its time to begin;
 * HAProxy sends nothing more at once, and what it has open is cut. Everywhere held requests are in flight.
 */
const AWS = ['ROUTED_TO_STOPPED', 'INFLIGHT_CUT'];
const KINDS = { classic: AWS, application: AWS, haproxy: ['INFLIGHT_CUT'] };
const program = haproxyOrSkip();
const kinds = (Object.keys(KINDS) as (keyof typeof KINDS)[]).filter((kind) => kind !== 'haproxy' || program !== null);

async function played(kind: string, afterDetach: string) {
  const file = join(out, `${kind}-${afterDetach}.yaml`);
  writeFileSync(file, scenario(kind, afterDetach));
  const dir = join(out, `${kind}-${afterDetach}`);
  const {
    code,
    out: json,
    err,
  } = await rollproof(['run', file, '--json', '--quiet', '-o', dir], {
    env: { ROLLPROOF_STATE_DIR: dir },
  }).ended;
  if (json.trim() === '') throw new Error(`no result, exit ${code}:\n${err}`);
  const { verdict, outages, replacements } = JSON.parse(json) as RunResult;
  const causes = outages.map((outage) => outage.causes[0].code as string);
  return { code, verdict, causes, replacements, why: JSON.stringify([verdict, outages.map((o) => o.causes)]) };
}

describe('one scenario on three balancers', () => {
  it.concurrent.each(kinds)(
    '%s: long enough a sleep is a PASS, every target proven',
    async (kind) => {
      const { code, verdict, replacements, why } = await played(kind, '3s');
      expect(verdict.kind, why).toBe('PASS');
      expect(code).toBe(0);
      expect(replacements.map((r) => r.left && r.replaced && r.returned)).toEqual([true, true]);
    },
    120_000,
  );

  it.concurrent.each(kinds)(
    '%s: too short a sleep is a FAIL for the right cause',
    async (kind) => {
      const { code, verdict, causes, why } = await played(kind, '100ms');
      expect(verdict.kind, why).toBe('FAIL');
      expect(code).toBe(1);
      expect(
        causes.filter((cause) => KINDS[kind].includes(cause)),
        why,
      ).not.toEqual([]);
    },
    120_000,
  );
});
