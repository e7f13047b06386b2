import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { recoverJournal } from '../../src/cli/recover-journal.js';
import { EVENT_SCHEMA_VERSION, type RunEvent } from '../../src/domain/event.js';
import type { Scenario } from '../../src/domain/scenario.js';
import { openEventWriter } from '../../src/journal/event-writer.js';
import { bornOf } from '../../src/pipeline/deployers/process-group.js';
import { fakeBalancer, refusal } from '../support/fake-balancer.js';
import { fakeIo } from '../support/fake-io.js';
import { testScenario } from '../support/scenario.js';

const folder = mkdtempSync(join(tmpdir(), 'rollproof-recover-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A run directory with a journal of that scenario and these events. */
function journalIn(name: string, scenario: Scenario, write: (append: (event: RunEvent) => void) => void): string {
  const dir = join(folder, name);
  mkdirSync(dir);
  const writer = openEventWriter(join(dir, 'events.ndjson'));
  writer.append({
    kind: 'header',
    schemaVersion: EVENT_SCHEMA_VERSION,
    toolVersion: '0',
    runId: 'r',
    startedAtWall: new Date(0).toISOString(),
    monotonicOriginNs: String(process.hrtime.bigint()),
    scenario,
    scenarioFile: null,
    command: [],
    gitRevision: null,
    tools: {},
  });
  write((event) => writer.append(event));
  writer.close();
  return dir;
}

/** The journal of a run that was killed while a deploy command of this pid worked on the first target. */
function killedDuringDeploy(name: string, pid: number, host: string): { dir: string; scenario: Scenario } {
  const scenario = testScenario();
  const target = 'staging-1';
  const dir = journalIn(name, scenario, (append) => {
    append({ kind: 'step-intent', at: 0, stage: 's', index: 0, step: { kind: 'detach', target } });
    append({ kind: 'step-intent', at: 1, stage: 's', index: 1, step: { kind: 'deploy', target } });
    append({ kind: 'deploy-started', at: 2, target, pid, born: bornOf(pid), host });
  });
  return { dir, scenario };
}

it('waits for the very process that the killed run had started on this machine, and for none of another', async () => {
  // Lives until it is told to end, however slow this machine is.
  const child = spawn(process.execPath, [
    '-e',
    'process.stdin.resume(); process.stdin.on("end", () => process.exit())',
  ]);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let over = false;
  void ended.then(() => {
    over = true;
  });
  const pid = child.pid ?? 0;
  const attach = async (name: string, host: string) => {
    const { dir, scenario } = killedDuringDeploy(name, pid, host);
    const fake = fakeBalancer(scenario.targets);
    const silent = { ask: () => Promise.resolve(null) };
    const { io } = fakeIo({ monotonicNs: () => process.hrtime.bigint() });
    const recovered = await recoverJournal(dir, fake.balancer, silent, io, { tell: () => undefined });
    expect(recovered).toMatchObject({ targets: [{ id: 'staging-1' }], still: [] });
    expect(fake.calls).toEqual(['attach staging-1']);
    return over;
  };
  // Another machine's pid 4711 says nothing about ours.
  expect(await attach('elsewhere', `not-${hostname()}`)).toBe(false);
  const here = attach('here', hostname());
  setTimeout(() => child.stdin.end(), 200);
  expect(await here).toBe(true);
});

it('takes green out that a blue-green deploy left in beside blue, once blue is back, and leaves it where it is wanted', async () => {
  const cut = (name: string) => {
    const plain = testScenario();
    const [blue, green] = [plain.targets[0].id, plain.targets[1]?.id ?? ''];
    const blueGreen = { green: [green], blue: [blue], retire: 'keep' as const };
    const scenario = { ...plain, rollout: { ...plain.rollout, strategy: 'blue-green' as const, blueGreen } };
    const dir = journalIn(name, scenario, (append) => {
      append({ kind: 'step-intent', at: 0, stage: 'green-in', index: 0, step: { kind: 'attach', target: green } });
      append({
        kind: 'step-intent',
        at: 1,
        stage: 'blue-out',
        index: 0,
        step: { kind: 'detach', target: blue, forGood: true },
      });
    });
    return { dir, scenario, fake: fakeBalancer(scenario.targets), blue, green };
  };
  const silent = { ask: () => Promise.resolve(null) };
  const { io } = fakeIo({ monotonicNs: () => process.hrtime.bigint() });
  const { dir, fake, blue, green } = cut('green-in');
  const lines: string[] = [];
  const began: string[] = [];
  const how = { tell: (line: string) => void lines.push(line), begin: (left: string) => void began.push(left) };
  expect(await recoverJournal(dir, fake.balancer, silent, io, how)).toMatchObject({ still: [], greenIn: [] });
  expect(fake.calls).toEqual([`attach ${blue}`, `detach ${green}`]);
  expect(began).toEqual([`${blue} out and ${green} in beside blue`]);
  expect(lines).toEqual([`${blue}: attached again`, `${green}: taken out again: blue is in service`]);
  // Once is enough: the journal knows.
  expect(await recoverJournal(dir, fake.balancer, silent, io, how)).toEqual({ targets: [], still: [], greenIn: [] });
  expect(fake.calls).toHaveLength(2);

  const kept = cut('green-kept');
  await recoverJournal(kept.dir, kept.fake.balancer, silent, io, { ...how, keepsGreen: true });
  expect(kept.fake.calls).toEqual([`attach ${blue}`]);

  const refused = cut('green-refused');
  refused.fake.refuse.set(`detach ${green}`, refusal);
  expect(await recoverJournal(refused.dir, refused.fake.balancer, silent, io, how)).toMatchObject({ greenIn: [green] });
});
