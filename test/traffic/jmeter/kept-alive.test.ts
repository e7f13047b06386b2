import type { ChildProcess } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { processHost } from '../../../src/traffic/foreign/process-host.js';
import { JmeterRun } from '../../../src/traffic/jmeter/jmeter-run.js';
import { SAMPLE_VARIABLES } from '../../../src/traffic/jmeter/jmx.js';
import { workload } from '../embedded/workload.js';

const folder = mkdtempSync(join(tmpdir(), 'rollproof-jmeter-kept-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const WALL = 1_800_000_000_000;
const SLOT_MS = 20;
const COLUMNS = `timeStamp,elapsed,label,responseCode,responseMessage,threadName,Latency,Connect,${SAMPLE_VARIABLES.join()}`;

/** Ten seconds of a JMeter that answers by the book; `connects` = the whole ms that connecting took in each lane. */
async function endOf(connects: { readonly fresh: (n: number) => number; readonly kept: (n: number) => number }) {
  const path = (name: string) => join(folder, name);
  const files = { plan: path('plan.jmx'), results: path('results.jtl'), log: path('jmeter.log'), go: path('go') };
  writeFileSync(files.results, `${COLUMNS}\n`);
  let [at, next, ended] = [0, 0, false];
  const write = () => {
    const start = Number(readFileSync(files.go, 'utf8'));
    for (; WALL + at > start + (next + 2) * SLOT_MS; next++) {
      const due = start + next * SLOT_MS;
      const row = (lane: string, thread: string, connect: number) =>
        `${Math.ceil(due)},4,${lane},200,OK,${thread},4,${connect},${lane}|${next}|${due.toFixed(3)}|0,s1,v1,b,srv\n`;
      appendFileSync(files.results, row('new', `new ${next % 9}`, connects.fresh(next)));
      appendFileSync(files.results, row('reuse', `reuse ${next % 3}`, connects.kept(next)));
    }
  };
  /** Looking at a clock takes time, or no ms would ever end. */
  const look = () => {
    at += 5e-4;
    return at;
  };
  const clocks = () => ({ now: look, wallMs: () => Math.floor(WALL + look()) });
  const sleep = async (ms: number) => {
    at += ms;
    write();
  };
  const child = { kill: () => (ended = true) } as unknown as ChildProcess;
  const jmeter = { child, files, ended: () => (ended ? 'signal SIGTERM' : null) };
  const load = workload({
    maxDurationMs: 10_000,
    traffic: { ratePerSecond: 100, timeoutMs: 1000, lanes: { newWeight: 1, reuseWeight: 1, long: null } },
  });
  const sinks = { samples: { append: () => true }, events: { append: () => true }, progress: () => undefined };
  return (
    await new JmeterRun(load, sinks, { ...processHost({}), clocks, sleep }, jmeter).run(new AbortController().signal)
  ).error;
}

describe('a run of JMeter', () => {
  it('proves kept connections by what its clock shows of them and of fresh ones', async () => {
    const oneInFive = (n: number) => (n % 5 === 0 ? 1 : 0);
    expect(await endOf({ fresh: oneInFive, kept: (n) => (n < 3 ? 1 : 0) })).toBeNull();
    expect(await endOf({ fresh: oneInFive, kept: oneInFive })).toMatch(
      /^lane reuse proves nothing .*: 0 of \d+ requests/,
    );
    // Four in a hundred show: at one in five that is every fifth.
    expect(await endOf({ fresh: oneInFive, kept: (n) => (n % 25 === 0 ? 1 : 0) })).toMatch(
      /^lane reuse proves nothing/,
    );
    expect(await endOf({ fresh: () => 1, kept: (n) => (n % 25 === 0 ? 1 : 0) })).toBeNull();
  });

  it('proves nothing about them where its clock shows no connection being opened', async () => {
    expect(await endOf({ fresh: () => 0, kept: () => 0 })).toMatch(/too few connections of lane new/);
  });
});
