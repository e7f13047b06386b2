// A seeded run of any size: facts in memory, or a run directory on disk. Two targets behind two balancer nodes, rolled
// under 5,000 requests/s; the duration follows from the size, so every size has the same shape.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_PHASES } from '../dist/domain/sample.js';
import { sampleTable } from '../dist/domain/sample-table.js';
import { DEFAULT_POLICY } from '../dist/domain/scenario.js';
import { openSampleWriter } from '../dist/journal/sample-writer.js';

const RATE = 5000;
const TARGETS = ['s1', 's2'];
const WORDS = {
  statusText: [null, 'OK', 'Service Unavailable: Back-end server is at capacity'],
  server: [null, 'nginx'],
  error: [null, 'ECONNRESET', 'ROLLPROOF_TIMEOUT'],
  target: [null, ...TARGETS],
  version: [null, 'v1', 'v2'],
  bootId: [null, 's1-1', 's1-2', 's2-1', 's2-2'],
  remoteIp: [null, '10.0.0.1', '10.0.0.2'],
};
const FAILURES = ['reset', 'at capacity', 'timeout'];

/** mulberry32. */
function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** When each target leaves, is replaced and is back, over the whole run of `rows` arrivals. */
function plan(rows) {
  const durationMs = (rows / RATE) * 1000;
  const unit = durationMs / 40;
  const lives = TARGETS.map((target, i) => {
    const detachAt = durationMs * 0.25 + i * 14 * unit;
    const deployAt = detachAt + 40 + 4 * unit;
    const attachAt = deployAt + 2 * unit;
    return { target, detachAt, outAt: detachAt + 40 + unit / 2, deployAt, attachAt, inAt: attachAt + 40 + unit / 2 };
  });
  return { durationMs, unit, lives, warmEndMs: unit };
}

function emptyBatch(length) {
  const texts = Object.fromEntries(
    Object.entries(WORDS).map(([name, values]) => [name, { codes: new Uint16Array(length), values }]),
  );
  const times = ['scheduledAt', 'sentAt', 'connectedAt', 'firstByteAt', 'endedAt'];
  return {
    length,
    seq: new Uint32Array(length),
    lane: new Uint8Array(length),
    ...Object.fromEntries(times.map((name) => [name, new Float64Array(length)])),
    status: new Uint16Array(length),
    errorPhase: new Uint8Array(length),
    bodyBytes: new Uint32Array(length).fill(2),
    bodyOk: new Uint8Array(length).fill(2),
    localPort: new Uint16Array(length).fill(40_000),
    connectionId: new Uint32Array(length),
    connectionUse: new Uint32Array(length),
    ...texts,
  };
}

/** Arrivals `from`, `from + 1`, … into a batch, in the order they are due. */
function fill(batch, from, schedule, random, failShare) {
  for (let i = 0; i < batch.length; i++) {
    // Whole microseconds, as on disk.
    const due = Math.round(((from + i + random()) * 1e6) / RATE) / 1000;
    const took = Math.round(1000 + 4000 * random() ** 3) / 1000;
    batch.seq[i] = from + i;
    batch.lane[i] = random() < 0.5 ? 0 : 1;
    batch.scheduledAt[i] = due;
    batch.sentAt[i] = due + Math.round(100 * random()) / 1000;
    batch.connectedAt[i] = batch.sentAt[i] + (batch.lane[i] === 0 ? Math.round(100 + 200 * random()) / 1000 : 0);
    batch.firstByteAt[i] = due + took * 0.9;
    batch.endedAt[i] = due + took;
    batch.connectionId[i] = batch.lane[i] === 0 ? from + i : Math.floor(random() * 64);
    batch.connectionUse[i] = batch.lane[i] === 0 ? 1 : 2 + Math.floor((from + i) / 64);
    batch.remoteIp.codes[i] = random() < 0.5 ? 1 : 2;
    succeed(batch, i, due, schedule.lives, random);
    if (failShare > 0 && random() < failShare) fail(batch, i, FAILURES[Math.floor(random() * FAILURES.length)]);
  }
}

function succeed(batch, i, due, lives, random) {
  const inRotation = lives.map((life, k) => (due < life.outAt || due >= life.inAt ? k : -1)).filter((k) => k >= 0);
  const target = inRotation[Math.floor(random() * inRotation.length)];
  const isNew = due >= lives[target].inAt;
  batch.status[i] = 200;
  batch.statusText.codes[i] = 1;
  batch.server.codes[i] = 1;
  batch.target.codes[i] = target + 1;
  batch.version.codes[i] = isNew ? 2 : 1;
  batch.bootId.codes[i] = 1 + 2 * target + (isNew ? 1 : 0);
}

function fail(batch, i, what) {
  for (const name of ['target', 'version', 'bootId', 'server']) batch[name].codes[i] = 0;
  if (what === 'at capacity') {
    batch.status[i] = 503;
    batch.statusText.codes[i] = 2;
    return;
  }
  batch.status[i] = 0;
  batch.statusText.codes[i] = 0;
  batch.error.codes[i] = what === 'reset' ? 1 : 2;
  batch.errorPhase[i] = ERROR_PHASES.indexOf('headers');
  if (what === 'timeout') batch.endedAt[i] = batch.sentAt[i] + 100;
}

function eventsOf({ durationMs, unit, lives, warmEndMs }, rows) {
  const events = [{ kind: 'traffic-started', at: 0, source: 'embedded', warmUpEndsAt: warmEndMs }];
  for (const { target, detachAt, deployAt, attachAt, inAt } of lives) {
    const stage = target;
    const call = (operation, at) => ({
      ...{ kind: 'balancer-call', at: at + 40, operation, target },
      ...{ requestedAt: at, respondedAt: at + 40, error: null },
    });
    const step = (index, from, to, what) => [
      { kind: 'step-intent', at: from, stage, index, step: what },
      { kind: 'step-done', at: to, stage, index, step: what },
    ];
    const deploy = { kind: 'deploy-ended', at: attachAt - 1, target, command: ['./deploy.sh'], startedAt: deployAt };
    events.push({ kind: 'stage-started', at: detachAt, stage });
    events.push(...step(0, detachAt, detachAt + 40, { kind: 'detach', target }), call('detach', detachAt));
    events.push(...step(1, deployAt, attachAt - 1, { kind: 'deploy', target }));
    events.push({ ...deploy, exitCode: 0, outputTail: '', error: null });
    events.push(...step(2, attachAt, attachAt + 40, { kind: 'attach', target }), call('attach', attachAt));
    events.push({ kind: 'stage-ended', at: inAt + 3 * unit, stage, ok: true });
  }
  const stopped = { kind: 'traffic-stopped', source: 'embedded', scheduled: rows, error: null };
  const ended = { kind: 'run-ended', deploy: 'complete', stillDetached: [], error: null };
  events.push({ ...stopped, at: durationMs + 200 }, { ...ended, at: durationMs + 201 });
  return events.sort((a, b) => a.at - b.at);
}

function headerOf({ unit, warmEndMs, durationMs }) {
  const scenario = {
    ...{ name: 'bench', description: '', environment: 'bench' },
    service: {
      ...{ url: 'http://lb.test/', method: 'GET', headers: {}, body: null },
      ok: { status: [[200, 399]], bodyContains: null },
      identity: { target: 'x-target', version: 'x-version', bootId: 'x-boot' },
    },
    balancer: { kind: 'elb-classic', name: 'web', region: 'eu-west-1', endpoint: null },
    targets: TARGETS.map((id, i) => ({ id, instance: `i-${i + 1}` })),
    rollout: {
      ...{ strategy: 'rolling', stages: [], sleep: { afterDetachMs: 4 * unit, afterAttachMs: 4 * unit } },
      ...{ wait: 'sleep', awaitTimeoutMs: 60_000, minInService: 1, deploy: { kind: 'command', command: ['true'] } },
      ...{ version: 'v2', previousVersion: 'v1' },
    },
    traffic: {
      ...{ engine: 'embedded', ratePerSecond: RATE, lanes: { newWeight: 1, reuseWeight: 1, long: null } },
      ...{ timeoutMs: 5000, warmUpMs: warmEndMs, baselineMs: durationMs * 0.25 - warmEndMs, settleMs: unit },
      ...{ maxInFlight: null, seed: 1, tls: { caFile: null, serverName: null, insecure: false } },
      ...{ resolve: {}, injectStall: null },
    },
    policy: DEFAULT_POLICY,
    expect: null,
  };
  return {
    ...{ kind: 'header', schemaVersion: 1, toolVersion: '0.0.0', runId: 'bench', monotonicOriginNs: '0' },
    ...{ startedAtWall: '2026-01-01T00:00:00.000Z', scenario, scenarioFile: null, command: [], gitRevision: null },
    tools: {},
  };
}

/** The facts of a run of `rows` arrivals, of which `failShare` fail at any time; sorted, as a reader gives them. */
export function runFacts(rows, failShare) {
  const schedule = plan(rows);
  const batch = emptyBatch(rows);
  fill(batch, 0, schedule, randomOf(1), failShare);
  const source = { codes: new Uint16Array(rows).fill(1), values: [null, 'embedded'] };
  return {
    header: headerOf(schedule),
    events: eventsOf(schedule, rows),
    samples: sampleTable(batch, source),
    streams: [{ source: 'embedded', rows, complete: true }],
    eventsComplete: true,
  };
}

const BATCH_ROWS = 2048;

/** The same run as a run directory: batches as the engine writes them, rows in the order they ended. */
export function writeRun(dir, rows, failShare) {
  const schedule = plan(rows);
  mkdirSync(join(dir, 'samples'), { recursive: true });
  const lines = [headerOf(schedule), ...eventsOf(schedule, rows)];
  writeFileSync(join(dir, 'events.ndjson'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const writer = openSampleWriter(join(dir, 'samples', 'embedded.arrows'), 'embedded');
  const random = randomOf(1);
  for (let from = 0; from < rows; from += BATCH_ROWS) {
    const batch = emptyBatch(Math.min(BATCH_ROWS, rows - from));
    fill(batch, from, schedule, random, failShare);
    if (!writer.append(byEnd(batch))) throw writer.failed;
  }
  writer.close();
}

function byEnd(batch) {
  const order = Uint32Array.from(batch.seq.keys()).sort((a, b) => batch.endedAt[a] - batch.endedAt[b]);
  const moved = (values) => values.map((_, i) => values[order[i]]);
  return Object.fromEntries(
    Object.entries(batch).map(([name, column]) => {
      if (name === 'length') return [name, column];
      return [name, ArrayBuffer.isView(column) ? moved(column) : { ...column, codes: moved(column.codes) }];
    }),
  );
}
