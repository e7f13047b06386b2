import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { recoverJournal } from '../../src/cli/recover-journal.js';
import { EVENT_SCHEMA_VERSION, type RunHeader } from '../../src/domain/event.js';
import { openEventWriter } from '../../src/journal/event-writer.js';
import { bornOf } from '../../src/pipeline/deployers/process-group.js';
import { fakeBalancer } from '../support/fake-balancer.js';
import { fakeIo } from '../support/fake-io.js';
import { testScenario } from '../support/scenario.js';

const folder = mkdtempSync(join(tmpdir(), 'rollproof-recover-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The journal of a run that was killed while a deploy command of this pid worked on the first target. */
function killedDuringDeploy(name: string, pid: number, host: string): { dir: string; scenario: RunHeader['scenario'] } {
  const scenario = testScenario();
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
  const target = 'staging-1';
  writer.append({ kind: 'step-intent', at: 0, stage: 's', index: 0, step: { kind: 'detach', target } });
  writer.append({ kind: 'step-intent', at: 1, stage: 's', index: 1, step: { kind: 'deploy', target } });
  writer.append({ kind: 'deploy-started', at: 2, target, pid, born: bornOf(pid), host });
  writer.close();
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
    const recovered = await recoverJournal(dir, fake.balancer, silent, io, () => undefined);
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
