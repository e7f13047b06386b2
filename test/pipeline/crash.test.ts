import { mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunEvent, RunHeader } from '../../src/domain/event.js';
import type { Balancer, Deployer, TargetProbe } from '../../src/domain/ports.js';
import type { Scenario } from '../../src/domain/scenario.js';
import type { Target } from '../../src/domain/target.js';
import { readEvents } from '../../src/journal/event-reader.js';
import { openEventWriter } from '../../src/journal/event-writer.js';
import { pipelineOf } from '../../src/pipeline/compile.js';
import { runPipeline } from '../../src/pipeline/runner.js';
import { detachedAfter } from '../../src/pipeline/safety/detached.js';
import { recoverTargets } from '../../src/pipeline/safety/recovery.js';
import { fakeBalancer } from '../support/fake-balancer.js';
import { fakeClock } from '../support/fake-clock.js';
import { testScenario } from '../support/scenario.js';

const folder = mkdtempSync(join(tmpdir(), 'rollproof-crash-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const never = new AbortController().signal;
const forever = new Promise<never>(() => undefined);

const base = testScenario();
const targets = ['a', 'b'].map((id) => ({ id, instance: `i-${id}`, url: `http://${id}/` }));
const scenario: Scenario = {
  ...base,
  targets: targets as unknown as Scenario['targets'],
  rollout: { ...base.rollout, wait: 'both', minInService: 1 },
};
const header: RunHeader = {
  kind: 'header',
  schemaVersion: 1,
  toolVersion: '0',
  runId: 'r',
  startedAtWall: new Date(0).toISOString(),
  monotonicOriginNs: '0',
  scenario,
  scenarioFile: null,
  command: [],
  gitRevision: null,
  tools: {},
};

/** Balancer and applications, which outlive every process of ours; they know if capacity ever fell too low. */
function world() {
  const fake = fakeBalancer(targets);
  const versions = new Map(targets.map((t) => [t.id, 'v1']));
  const down = new Set<string>();
  const trouble: string[] = [];
  const serving = () =>
    targets.filter((t) => fake.states.get(t.instance) === 'healthy' && !down.has(t.id)).map((t) => t.id);
  const judge = (what: string) => {
    if (serving().length < scenario.rollout.minInService) trouble.push(`${what}: only ${serving().join(', ')} serve`);
    const dead = targets.filter((t) => fake.states.get(t.instance) === 'healthy' && down.has(t.id));
    for (const t of dead) trouble.push(`${what}: ${t.id} is in service while its application is down`);
  };
  return { ...fake, versions, down, trouble, serving, judge };
}
type World = ReturnType<typeof world>;

/** kill -9 before the n-th effect on the world or the journal: from then on nothing of this process happens any more. */
class Killer {
  count = 0;
  readonly at: number;
  constructor(at: number) {
    this.at = at;
  }
  get dead(): boolean {
    return this.count >= this.at;
  }
  /** One boundary; true = the process still lives behind it. */
  lives(): boolean {
    if (!this.dead) this.count++;
    return !this.dead;
  }
}

/** @param file its journal; null for a run whose journal nobody reads. */
function process_(w: World, killer: Killer, file: string | null) {
  const writer = file === null ? { append: () => undefined, close: () => undefined } : openEventWriter(file);
  const events = {
    append(event: RunEvent) {
      if (!killer.lives()) return;
      writer.append(event);
      killer.lives();
    },
  };
  const change = (operation: 'detach' | 'attach') => async (target: Target, signal: AbortSignal) => {
    if (!killer.lives()) return forever;
    await w.balancer[operation](target, signal);
    w.judge(`${operation} ${target.id}`);
    // The reply may be what is lost.
    return killer.lives() ? undefined : forever;
  };
  const balancer: Balancer = {
    ...w.balancer,
    detach: change('detach'),
    attach: change('attach'),
    health: (asked, signal) => (killer.dead ? forever : w.balancer.health(asked, signal)),
  };
  const deployer: Deployer = {
    async deploy({ target, version }) {
      if (!killer.lives()) return forever;
      w.down.add(target.id);
      w.judge(`deploy of ${target.id}`);
      if (!killer.lives()) return forever;
      w.down.delete(target.id);
      w.versions.set(target.id, version);
      return killer.lives() ? undefined : forever;
    },
  };
  const probe: TargetProbe = {
    ask: async ({ id }) => ({ ok: !w.down.has(id), version: w.versions.get(id) ?? null, said: 'it says so' }),
  };
  return { writer, events, balancer, deployer, probe };
}

/** Null once the process is dead, or has had time enough to end. */
async function deathOf(killer: Killer): Promise<null> {
  for (let turn = 0; turn < 20_000 && !killer.dead; turn++) await Promise.resolve();
  return null;
}

/** A whole run in a process that is killed at one boundary; resolves when it is over or dead. */
async function run(w: World, killer: Killer, file: string | null) {
  const p = process_(w, killer, file);
  p.writer.append(header);
  const clock = fakeClock();
  const end = runPipeline(
    pipelineOf(scenario, await w.balancer.describe(never)),
    {
      ...p,
      clock,
      targets,
      rollout: scenario.rollout,
      runId: 'r',
      traffic: { seenSince: () => true, silence: () => ({ lastSentAt: null, ms: 0, others: 0 }) },
      members: targets.map((t) => t.instance),
    },
    never,
    never,
  );
  const result = await Promise.race([end, deathOf(killer)]);
  p.writer.close();
  return result;
}

/** What `run` and `recover` do first: attach what the journal of the killed process leaves out. */
async function reconcile(w: World, file: string) {
  const p = process_(w, new Killer(Number.POSITIVE_INFINITY), file);
  const left = detachedAfter(readEvents(file).events);
  const still = await recoverTargets(left, targets, { ...p, clock: fakeClock() }, never);
  p.writer.close();
  return { left, still };
}

/** How many boundaries a whole run has. */
async function boundaries(): Promise<number> {
  const killer = new Killer(Number.POSITIVE_INFINITY);
  expect(await run(world(), killer, null)).toMatchObject({ deploy: 'complete' });
  return killer.count;
}

describe('kill -9 at every boundary of a run, then run again', () => {
  it('never falls below minInService and ends with every target attached, or an exact statement of which is not', async () => {
    const n = await boundaries();
    expect(n).toBeGreaterThan(60);
    let leftOut = 0;
    for (let at = 1; at < n; at++) {
      const w = world();
      const file = join(folder, `killed-${at}.ndjson`);
      expect(await run(w, new Killer(at), file), `killed at ${at}`).toBeNull();
      const { left, still } = await reconcile(w, file);
      const out = targets.filter((t) => w.states.get(t.instance) !== 'healthy').map((t) => t.id);
      expect(still, `killed at ${at}`).toEqual(out);
      expect(left.length, `killed at ${at}`).toBeLessThanOrEqual(1);
      // Only an application that the killed deploy left down stays out, named with the command that attaches it.
      expect(out, `killed at ${at}`).toEqual([...w.down]);
      leftOut += out.length;
      const events = readEvents(file).events;
      for (const id of out)
        expect(events.at(-1)).toMatchObject({ kind: 'recovery', target: id, ok: false, message: /attach-by-hand i-/ });
      // Once more changes nothing.
      expect((await reconcile(w, file)).still, `killed at ${at}`).toEqual(out);
      if (out.length === 0) {
        const again = await run(w, new Killer(Number.POSITIVE_INFINITY), null);
        expect(again, `killed at ${at}`).toMatchObject({ deploy: 'complete', stillDetached: [] });
        expect([...w.versions.values()]).toEqual(['v2', 'v2']);
      }
      expect(w.trouble, `killed at ${at}`).toEqual([]);
    }
    expect(leftOut).toBe(targets.length);
  }, 60_000);

  it('finds its way with a journal whose last line is torn', async () => {
    const n = await boundaries();
    for (let at = 3; at < n; at += 2) {
      const w = world();
      const file = join(folder, `torn-${at}.ndjson`);
      await run(w, new Killer(at), file);
      const writer = openEventWriter(file);
      writer.append({ kind: 'warning', at: 0, message: 'the line that is torn' });
      writer.close();
      truncateSync(file, statSync(file).size - 9);
      const { still } = await reconcile(w, file);
      expect(still, `torn at ${at}`).toEqual([...w.down]);
      expect(w.trouble, `torn at ${at}`).toEqual([]);
    }
  }, 60_000);

  it('killed at every boundary of its recovery, recovers again', async () => {
    const n = await boundaries();
    let recoveries = 0;
    for (let at = 1; at < n; at += 4) {
      for (let again = 1; ; again++) {
        const w = world();
        const file = join(folder, `twice-${at}-${again}.ndjson`);
        await run(w, new Killer(at), file);
        const left = detachedAfter(readEvents(file).events);
        const killer = new Killer(again);
        const p = process_(w, killer, file);
        const end = await Promise.race([
          recoverTargets(left, targets, { ...p, clock: fakeClock() }, never),
          deathOf(killer),
        ]);
        p.writer.close();
        const where = `killed at ${at}, its recovery at ${again}`;
        expect((await reconcile(w, file)).still, where).toEqual([...w.down]);
        expect(w.serving(), where).toHaveLength(targets.length - w.down.size);
        expect(w.trouble, where).toEqual([]);
        if (end !== null) break;
        recoveries++;
      }
    }
    // Most boundaries lie between a detach and its attach, and a recovery has several of its own.
    expect(recoveries).toBeGreaterThan(n / 4);
  }, 60_000);
});
