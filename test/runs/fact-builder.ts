import type { RunEvent } from '../../src/domain/event.js';
import type { RunFacts } from '../../src/domain/evidence.js';
import { ERROR_PHASES, type ErrorPhase, LANES, type Lane, type SampleTable } from '../../src/domain/sample.js';
import { sampleTable } from '../../src/domain/sample-table.js';
import { DEFAULT_POLICY, type Policy, type Scenario, type Traffic } from '../../src/domain/scenario.js';

/** One hand-written arrival; what is left out is a plain success. */
export interface Row {
  readonly source?: string;
  readonly seq?: number;
  readonly lane?: Lane;
  readonly scheduledAt: number;
  readonly sentAt?: number | null;
  readonly connectedAt?: number | null;
  readonly endedAt?: number | null;
  readonly status?: number;
  readonly statusText?: string | null;
  readonly server?: string | null;
  readonly error?: string | null;
  readonly errorPhase?: ErrorPhase;
  readonly bodyOk?: 0 | 1 | 2;
  readonly target?: string | null;
  readonly version?: string | null;
  readonly bootId?: string | null;
  readonly remoteIp?: string | null;
  /** 0 = none was made. */
  readonly connectionId?: number;
  readonly connectionUse?: number;
}

/** A sample table from rows, sorted as a reader sorts them; seq counts per source where it is not given. */
export function tableOf(given: readonly Row[]): SampleTable {
  const next = new Map<string, number>();
  const rows = given.map((row) => {
    const source = row.source ?? 'node';
    const seq = row.seq ?? next.get(source) ?? 0;
    next.set(source, seq + 1);
    return { ...row, source, seq };
  });
  rows.sort((a, b) => a.scheduledAt - b.scheduledAt);
  const time = (pick: (row: Row) => number | null | undefined) =>
    Float64Array.from(rows, (row) => pick(row) ?? Number.NaN);
  const words = (pick: (row: Row) => string | null | undefined) => {
    const values: (string | null)[] = [null];
    const index = new Map<string | null, number>([[null, 0]]);
    const codes = Uint16Array.from(rows, (row) => {
      const value = pick(row) ?? null;
      if (!index.has(value)) index.set(value, values.push(value) - 1);
      return index.get(value) ?? 0;
    });
    return { codes, values };
  };
  const sent = (row: Row) => (row.sentAt === undefined ? row.scheduledAt : row.sentAt);
  const batch = {
    length: rows.length,
    seq: Uint32Array.from(rows, (row) => row.seq),
    lane: Uint8Array.from(rows, (row) => LANES.indexOf(row.lane ?? 'new')),
    scheduledAt: Float64Array.from(rows, (row) => row.scheduledAt),
    sentAt: time(sent),
    connectedAt: time((row) => (row.connectedAt === undefined ? sent(row) : row.connectedAt)),
    firstByteAt: time((row) => row.endedAt),
    endedAt: time((row) => row.endedAt),
    status: Uint16Array.from(rows, (row) => row.status ?? 0),
    statusText: words((row) => row.statusText),
    server: words((row) => row.server),
    error: words((row) => row.error),
    errorPhase: Uint8Array.from(rows, (row) => ERROR_PHASES.indexOf(row.errorPhase ?? 'none')),
    bodyBytes: new Uint32Array(rows.length),
    bodyOk: Uint8Array.from(rows, (row) => row.bodyOk ?? 2),
    target: words((row) => row.target),
    version: words((row) => row.version),
    bootId: words((row) => row.bootId),
    remoteIp: words((row) => row.remoteIp),
    localPort: new Uint16Array(rows.length),
    connectionId: Uint32Array.from(rows, (row) => row.connectionId ?? 0),
    connectionUse: Uint32Array.from(rows, (row) => row.connectionUse ?? (row.lane === 'reuse' ? 2 : 1)),
  };
  return sampleTable(
    batch,
    words((row) => row.source),
  );
}

/** Overrides of the plain scenario two targets are deployed by. */
export interface ScenarioOptions {
  readonly targets?: readonly string[];
  readonly policy?: Partial<Policy>;
  readonly traffic?: Partial<Traffic>;
  readonly version?: string;
  readonly previousVersion?: string | null;
  readonly afterDetachMs?: number;
  readonly afterAttachMs?: number;
}

export function scenarioOf(options: ScenarioOptions = {}): Scenario {
  const ids = options.targets ?? ['s1', 's2'];
  const targets = ids.map((id, i) => ({ id, instance: `i-${i + 1}` }));
  return {
    name: 'fixture',
    description: '',
    environment: 'test',
    service: {
      url: 'http://lb.test/',
      method: 'GET',
      headers: {},
      body: null,
      ok: { status: [[200, 399]], bodyContains: null },
      identity: { target: 'x-target', version: 'x-version', bootId: 'x-boot' },
    },
    balancer: { kind: 'elb-classic', name: 'web', region: 'eu-west-1', endpoint: null },
    targets: targets as unknown as Scenario['targets'],
    rollout: {
      strategy: 'rolling',
      stages: [],
      sleep: { afterDetachMs: options.afterDetachMs ?? 2000, afterAttachMs: options.afterAttachMs ?? 2000 },
      wait: 'sleep',
      awaitTimeoutMs: 60_000,
      minInService: 1,
      deploy: { kind: 'none' },
      version: options.version ?? 'v2',
      previousVersion: options.previousVersion === undefined ? 'v1' : options.previousVersion,
    },
    traffic: {
      engine: 'embedded',
      ratePerSecond: 400,
      lanes: { newWeight: 1, reuseWeight: 1, long: null },
      timeoutMs: 5000,
      warmUpMs: 500,
      baselineMs: 4000,
      settleMs: 1000,
      maxInFlight: null,
      seed: 1,
      tls: { caFile: null, serverName: null, insecure: false },
      resolve: {},
      injectStall: null,
      ...options.traffic,
    },
    policy: { ...DEFAULT_POLICY, ...options.policy },
    expect: null,
  };
}

/** Facts of a run that was written down to its end, unless told otherwise. */
export function factsOf(
  scenario: Scenario,
  events: readonly RunEvent[],
  rows: readonly Row[],
  complete = true,
): RunFacts {
  const samples = tableOf(rows);
  const sources = [...new Set(rows.map((row) => row.source ?? 'node'))];
  return {
    header: {
      kind: 'header',
      schemaVersion: 1,
      toolVersion: '0.0.0',
      runId: 'fixture-1',
      startedAtWall: '2026-01-01T00:00:00.000Z',
      monotonicOriginNs: '0',
      scenario,
      scenarioFile: null,
      command: ['rollproof', 'run'],
      gitRevision: null,
      tools: {},
    },
    events,
    samples,
    streams: sources.map((source) => ({
      source,
      rows: rows.filter((row) => (row.source ?? 'node') === source).length,
      complete,
    })),
    eventsComplete: complete,
  };
}
