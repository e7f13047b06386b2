import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type LabHandle, launchLab } from '../../dist/lab/launch.js';
import type { RunResult } from '../../src/domain/result.js';
import type { ExpectedEnd } from '../../src/domain/scenario.js';
import { type Ended, rollproof } from '../support/rollproof.js';
import type { Outcome } from './outcome.js';

/** A scenario file and a folder of its own for everything the row writes. */
export interface Row {
  readonly file: string;
  readonly folder: string;
}

/** Plays one row to its end. */
export type Drive = (row: Row) => Promise<Outcome>;

/** Rows that are more than one `rollproof run`; every other one is just that. */
export const DRIVES: Readonly<Record<string, Drive>> = {
  'S17-engine-crash': killedAndStartedAgain,
  'S18-two-pipelines': twoAtOnce,
  'S20-wrong-id': (row) => withLabApart(row, (env) => run(row, env, ['--yes'])),
  'S21-sick-before-start': sickBeforeStart,
};

const SICK_VERSION = 'v-sick';

/** `rollproof run` with these options. */
export const runWith =
  (options: readonly string[]): Drive =>
  (row) =>
    run(row, {}, options);

export const plainRun: Drive = runWith([]);

type Env = Readonly<Record<string, string>>;

async function run(row: Row, env: Env, options: readonly string[]): Promise<Outcome> {
  return outcomeOf(await started(row, env, options).ended);
}

function started(row: Row, env: Env, options: readonly string[], out = 'reports') {
  return rollproof(['run', row.file, '--json', '-o', join(row.folder, out), ...options], {
    env: { ROLLPROOF_STATE_DIR: join(row.folder, 'state'), ...env },
  });
}

function outcomeOf({ code, out, err }: Ended): Outcome {
  const said = err.slice(-4_000);
  const none = { codes: [], causes: [], failed: 0, judged: 0, exitCode: code, said };
  if (out.trim() === '') return { verdict: code === 3 ? 'REFUSED' : 'ERROR', ...none };
  const result = JSON.parse(out) as RunResult;
  return {
    verdict: result.verdict.kind as ExpectedEnd['verdict'],
    codes: result.verdict.codes,
    causes: result.outages.map((o) => o.causes[0].code),
    failed: result.counts.failed,
    judged: result.counts.judged,
    exitCode: code,
    said: `${result.verdict.sentence}\n${said}`,
  };
}

/** A lab that is met as AWS is met: by its API's address alone. */
async function withLabApart<T>(
  row: Row,
  work: (env: Env, lab: LabHandle) => Promise<T>,
  knobs: Readonly<Record<string, unknown>> = {},
): Promise<T> {
  mkdirSync(row.folder, { recursive: true });
  const lab = await launchLab({
    preset: 'lab-fast',
    name: 'matrix',
    region: 'us-east-1',
    seed: 7,
    knobs,
    instances: [
      { target: 'staging-1', instance: 'i-00000000000000001' },
      { target: 'staging-2', instance: 'i-00000000000000002' },
    ],
    version: 'v1',
  });
  const [first, second] = lab.nodes.map((n) => `${n.host}:${n.port}`);
  const env = {
    ...lab.env,
    LAB_ENDPOINT: lab.endpoint,
    LAB_NODE_1: first ?? '',
    LAB_NODE_2: second ?? '',
    AWS_ACCESS_KEY_ID: 'lab',
    AWS_SECRET_ACCESS_KEY: 'lab',
  };
  try {
    return await work(env, lab);
  } finally {
    await lab.stop();
  }
}

async function killedAndStartedAgain(row: Row): Promise<Outcome> {
  return withLabApart(row, async (env) => {
    const first = started(row, env, ['--yes']);
    await first.seen('sleep 5 s');
    first.child.kill('SIGKILL');
    await first.ended;
    return run(row, env, ['--yes']);
  });
}

/** The outcome is the first run's; that the second was refused is part of it. */
async function twoAtOnce(row: Row): Promise<Outcome> {
  return withLabApart(row, async (env) => {
    const first = started(row, env, ['--yes']);
    await first.seen('detach staging-1');
    const second = await started(row, env, ['--yes'], 'second').ended;
    const seen = outcomeOf(await first.ended);
    const refused = second.code === 3 && /another run works on this/.test(second.err) && !wroteRun(row);
    if (refused) return seen;
    return { ...seen, verdict: 'ERROR', said: `the second pipeline was not refused: ${second.code}\n${second.err}` };
  });
}

function wroteRun(row: Row): boolean {
  return readdirSync(row.folder).includes('second');
}

/** A version that never becomes healthy goes to one target before rollproof is called. */
async function sickBeforeStart(row: Row): Promise<Outcome> {
  return withLabApart(
    row,
    async (env, lab) => {
      const answer = await fetch(`${lab.controlUrl}/deploy`, {
        method: 'POST',
        headers: { authorization: `Bearer ${lab.controlToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({ target: 'staging-2', version: SICK_VERSION }),
      });
      await answer.text();
      await untilUnhealthy(lab, 'i-00000000000000002');
      return run(row, env, ['--yes']);
    },
    { brokenVersion: SICK_VERSION },
  );
}

async function untilUnhealthy(lab: LabHandle, instance: string): Promise<void> {
  const headers = { authorization: `Bearer ${lab.controlToken}` };
  for (let tries = 0; tries < 100; tries++) {
    const state = (await (await fetch(`${lab.controlUrl}/state`, { headers })).json()) as {
      loadBalancers: { instances: { instance: string; phase: string }[] }[];
    };
    if (state.loadBalancers[0]?.instances.some((i) => i.instance === instance && i.phase === 'unhealthy')) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${instance} did not become unhealthy`);
}
