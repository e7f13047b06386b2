import type { RunFacts } from '../../src/domain/evidence.js';
import type { Scenario } from '../../src/domain/scenario.js';
import { scenarioOf } from '../runs/fact-builder.js';
import { type Life, livesOf, openAt, SETTLE_MS, WARM_UP_MS } from './deploy.js';
import { journalOf } from './journal.js';
import { logWithin, type Random, within } from './random.js';
import { type Exchange, exchangeOf, type Placed, type Span } from './traffic.js';
import { FORGED_SHARE, TIMEOUT_MS, type World } from './world.js';

/** What really happened, for the result to be held against. */
export interface Truth {
  readonly window: Span;
  /** The outage, and the share of the requests in it that it hits; null when there was none or its share varied. */
  readonly outage: (Span & { readonly share: number }) | null;
  readonly outageMs: number;
  /** How long the balancer routed to a stopped application, by the world's own plan; 0 = the sleep was long enough. */
  readonly shortMs: number;
  readonly targets: number;
  readonly nodes: number;
  readonly routing: World['routing'];
  readonly ratePerSecond: number;
  /** Requests of the judged window that failed. */
  readonly failed: number;
  readonly lags: readonly {
    readonly target: string;
    readonly detachMs: number;
    /** From the detach until the last node let go and the last request the target had was, or would have been, answered. */
    readonly drainMs: number;
    readonly attachMs: number;
  }[];
}

export interface SimulatedRun {
  readonly facts: RunFacts;
  readonly truth: Truth;
}

/** One run of a world, as a run directory would hold it. Pure: the same world and numbers give the same facts. */
export function simulate(world: World, random: Random): SimulatedRun {
  const lives = livesOf(world, random);
  const window = { from: lives[0]!.detachReq, to: lives.at(-1)!.endAt + SETTLE_MS };
  const scenario = scenarioFor(world, random);
  const placed = place(world, lives, window, random);
  const exchange = exchangeOf(world, lives, placed, scenario.traffic, random);
  const leftOut = spoil(world, exchange, placed, window, random);
  const samples = exchange.columns.table(leftOut);
  let stoppedAt = window.to;
  for (let row = 0; row < samples.length; row++)
    if (samples.endedAt.at(row) > stoppedAt) stoppedAt = samples.endedAt.at(row);
  stoppedAt += 5;
  const stall = world.pause?.how === 'stall' ? placed.pause : null;
  const { scheduled, failed } = exchange;
  return {
    facts: {
      header: headerOf(scenario),
      events: journalOf(world, lives, { scheduled, stoppedAt, stall }),
      samples,
      streams: [{ source: 'node', rows: samples.length, complete: true }],
      eventsComplete: true,
    },
    truth: {
      window,
      outage: placed.outage === null ? null : { ...placed.outage, share: shareOf(world, lives, placed) },
      outageMs: placed.outage === null ? 0 : placed.outage.to - placed.outage.from,
      shortMs: world.shortSleep?.byMs ?? 0,
      targets: world.targets,
      nodes: world.nodes,
      routing: world.routing,
      ratePerSecond: world.ratePerSecond + world.longPerSecond,
      failed,
      lags: lives.map((life) => ({
        target: `s${life.index + 1}`,
        detachMs: Math.max(...life.outAt) - life.detachRes,
        drainMs: exchange.heldUntil[life.index]! - life.detachRes,
        attachMs: Math.max(...life.inAt) - life.attachRes,
      })),
    },
  };
}

function scenarioFor(world: World, random: Random): Scenario {
  const isNoop = world.replacement.startsWith('noop');
  const [minHoldMs, maxHoldMs] = world.longHoldMs;
  return scenarioOf({
    targets: Array.from({ length: world.targets }, (_, i) => `s${i + 1}`),
    afterDetachMs: world.afterDetachMs,
    afterAttachMs: world.afterAttachMs,
    version: 'v2',
    previousVersion: isNoop ? 'v2' : 'v1',
    policy: world.policy,
    traffic: {
      ratePerSecond: world.ratePerSecond,
      settleMs: SETTLE_MS,
      warmUpMs: WARM_UP_MS,
      timeoutMs: TIMEOUT_MS,
      seed: Math.floor(random() * 2 ** 31),
      lanes: {
        newWeight: 1,
        reuseWeight: 1,
        long: { ratePerSecond: world.longPerSecond, path: '/', minHoldMs, maxHoldMs },
      },
    },
  });
}

function headerOf(scenario: Scenario): RunFacts['header'] {
  return {
    kind: 'header',
    schemaVersion: 1,
    toolVersion: '0.0.0',
    runId: 'simulated',
    startedAtWall: '2026-01-01T00:00:00.000Z',
    monotonicOriginNs: '0',
    scenario,
    scenarioFile: null,
    command: ['rollproof', 'run'],
    gitRevision: null,
    tools: {},
  };
}

function place(world: World, lives: readonly Life[], window: Span, random: Random): Placed {
  const pause = world.pause === null ? null : somewhere(random, window, world.pause.ms);
  if (pause !== null && world.pause?.hidesOutage) {
    const ms = within(random, 0.3, 0.95) * (pause.to - pause.from);
    return { pause, outage: somewhere(random, pause, ms), outageTarget: -1 };
  }
  if (world.outage === null) return { pause, outage: null, outageTarget: -1 };
  if (world.outage.scope === 'total')
    return { pause, outage: somewhere(random, window, world.outage.ms), outageTarget: -1 };
  return { pause, ...placedOnTarget(world, lives, window, world.outage.ms, random) };
}

function somewhere(random: Random, span: Span, ms: number): Span {
  const from = within(random, span.from, span.to - ms);
  return { from, to: from + ms };
}

/** Where a target is in rotation and nobody comes or goes: only there its share of the traffic is one number. */
function placedOnTarget(
  world: World,
  lives: readonly Life[],
  window: Span,
  ms: number,
  random: Random,
): Omit<Placed, 'pause'> {
  for (let attempt = 0; ; attempt++) {
    const outage = somewhere(random, window, attempt < 30 ? ms : logWithin(random, 2, ms));
    const outageTarget = Math.floor(random() * world.targets);
    const changes = lives.flatMap((life) => [...life.outAt, ...life.inAt]);
    const isCalm = !changes.some((at) => at >= outage.from && at <= outage.to);
    const isIn = nodesOf(world).every((node) => openAt(world, lives, node, outage.from).includes(outageTarget));
    if (isCalm && isIn) return { outage, outageTarget };
  }
}

function nodesOf(world: World): readonly number[] {
  return Array.from({ length: world.nodes }, (_, node) => node);
}

/** Probability that a request sent in the outage is hit; exact for random routing. */
function shareOf(world: World, lives: readonly Life[], { outage, outageTarget }: Placed): number {
  if (outage === null || outageTarget < 0) return 1;
  const shares = nodesOf(world).map((node) => 1 / openAt(world, lives, node, outage.from).length);
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

/** Takes back what the generator did not measure; returns the rows whose records are lost. */
function spoil(world: World, exchange: Exchange, placed: Placed, window: Span, random: Random): ReadonlySet<number> {
  const { columns } = exchange;
  if (world.pause?.how === 'stall' && placed.pause !== null) forgeTimeouts(columns, placed.pause, random);
  if (world.unmeasured === null) return new Set();
  const rows = judgedRows(columns, window);
  const wanted = Math.ceil(world.unmeasured.share * rows.length) + 1;
  const chosen = new Set<number>();
  while (chosen.size < wanted) chosen.add(rows[Math.floor(random() * rows.length)]!);
  if (world.unmeasured.how === 'lost') return chosen;
  for (const row of chosen) columns.forget(row, world.unmeasured.how);
  return new Set();
}

function judgedRows(columns: Exchange['columns'], window: Span): readonly number[] {
  const rows: number[] = [];
  for (let row = 0; row < columns.length; row++) {
    const at = columns.scheduledAt[row]!;
    if (at >= window.from && at <= window.to) rows.push(row);
  }
  return rows;
}

/** A stalled generator reads nothing: some of its timers fire before it looks at the answers that came. */
function forgeTimeouts(columns: Exchange['columns'], stall: Span, random: Random): void {
  for (let row = 0; row < columns.length; row++) {
    const [sentAt, endedAt] = [columns.sentAt[row]!, columns.endedAt[row]!];
    if (sentAt >= stall.to || endedAt < stall.from) continue;
    if (random() < FORGED_SHARE) columns.timeOut(row, stall.to + random());
    else columns.endedAt[row] = Math.max(endedAt, stall.to + random());
  }
}
