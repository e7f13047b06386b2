import { APP_CHANGES, BALANCER_CHANGES, type RunEvent } from '../domain/event.js';
import { ERROR_PHASES } from '../domain/sample.js';
import { SELF_TEST_FAULTS } from '../domain/self-test.js';
import { TARGET_STATES } from '../domain/target.js';

/** Says what is wrong with a value, or null when it is right. */
type Shape = (value: unknown) => string | null;

const named =
  (name: string, holds: (value: unknown) => boolean): Shape =>
  (value) =>
    holds(value) ? null : `must be ${name}`;

const text = named('text', (v) => typeof v === 'string');
const flag = named('true or false', (v) => typeof v === 'boolean');
const amount = named('a number', (v) => typeof v === 'number' && Number.isFinite(v));
const object = named('an object', (v) => typeof v === 'object' && v !== null && !Array.isArray(v));
const texts = named('a list of texts', (v) => Array.isArray(v) && v.every((item) => typeof item === 'string'));
const objects = named('a list of objects', (v) => Array.isArray(v) && v.every((item) => object(item) === null));
const oneOf = (...allowed: readonly string[]): Shape =>
  named(`one of ${allowed.join(', ')}`, (v) => typeof v === 'string' && allowed.includes(v));
const nullable =
  (shape: Shape): Shape =>
  (value) =>
    value === null ? null : shape(value);

const absentOr =
  (shape: Shape): Shape =>
  (value) =>
    value === undefined ? null : shape(value);

function record(fields: Readonly<Record<string, Shape>>): Shape {
  return (value) => {
    if (object(value) !== null) return 'must be an object';
    const bag = value as Readonly<Record<string, unknown>>;
    for (const [name, shape] of Object.entries(fields)) {
      const problem = shape(bag[name]);
      if (problem !== null) return problem.startsWith('`') ? `\`${name}.${problem.slice(1)}` : `\`${name}\` ${problem}`;
    }
    return null;
  };
}

function listOf(shape: Shape): Shape {
  return (value) => objects(value) ?? (value as readonly unknown[]).map(shape).find((p) => p !== null) ?? null;
}

const STEPS: Readonly<Record<string, Shape>> = {
  detach: record({ target: text }),
  attach: record({ target: text }),
  deploy: record({ target: text }),
  sleep: record({ ms: amount, why: oneOf('after-detach', 'after-attach'), target: text }),
  await: record({ target: text, condition: oneOf('drained', 'in-service', 'answers', 'seen'), timeoutMs: amount }),
};
const step: Shape = (value) => {
  const problem = object(value);
  if (problem !== null) return problem;
  const shape = STEPS[String((value as { kind?: unknown }).kind)];
  return shape === undefined ? 'is not a step' : shape(value);
};
const atStep = { stage: text, index: amount, step };

/** A whole split further is nobody's: the reader counts the parts. */
const MOST_SEGMENTS = 1000;
const segment = named('a part of a whole, {index, count}', (v) => {
  const { index, count } = (v ?? {}) as { index?: unknown; count?: unknown };
  return (
    Number.isInteger(index) &&
    Number.isInteger(count) &&
    (index as number) >= 1 &&
    (index as number) <= (count as number) &&
    (count as number) <= MOST_SEGMENTS
  );
});

const usage = record({ inUse: amount, limit: amount });

const EVENTS: { readonly [K in RunEvent['kind']]: Shape } = {
  'balancer-facts': record({ facts: record({ kind: text, name: text, members: texts, zones: texts }) }),
  preflight: record({ findings: objects, forced: flag }),
  'traffic-started': record({
    source: text,
    warmUpEndsAt: amount,
    hasControl: absentOr(flag),
    segment: absentOr(segment),
  }),
  'traffic-stopped': record({ source: text, scheduled: amount, error: nullable(text) }),
  'stage-started': record({ stage: text }),
  'stage-ended': record({ stage: text, ok: flag }),
  'step-intent': record(atStep),
  'step-done': record(atStep),
  'step-failed': record({ ...atStep, error: text }),
  'balancer-call': record({
    operation: oneOf('detach', 'attach'),
    target: text,
    requestedAt: amount,
    respondedAt: amount,
    error: nullable(text),
  }),
  'target-observed': record({
    askedAt: amount,
    previousAskedAt: absentOr(nullable(amount)),
    health: record({
      target: text,
      state: oneOf(...TARGET_STATES),
      registered: flag,
      reasonCode: text,
      description: text,
    }),
  }),
  'app-observed': record({ target: text, what: oneOf(...APP_CHANGES), via: oneOf('mark', 'probe') }),
  'deploy-ended': record({
    target: text,
    command: texts,
    startedAt: amount,
    exitCode: nullable(amount),
    outputTail: text,
    error: nullable(text),
  }),
  'external-started': record({ by: oneOf('command', 'somebody'), command: texts }),
  'external-process': record({ pid: amount, born: nullable(text), host: text }),
  'external-ended': record({
    command: texts,
    startedAt: amount,
    exitCode: nullable(amount),
    outputTail: text,
    error: nullable(text),
  }),
  'balancer-mark': record({ target: text, what: oneOf(...BALANCER_CHANGES) }),
  'generator-health': record({
    source: text,
    eventLoopDelayMaxMs: amount,
    sent: amount,
    ended: amount,
    dropped: amount,
    inFlight: amount,
    cpuMs: amount,
    limits: absentOr(record({ ports: nullable(usage), files: nullable(usage) })),
  }),
  stall: record({ source: text, from: amount, to: amount }),
  'control-probe': record({ source: text, sent: amount, failed: amount }),
  'request-audit': record({ count: amount, distinct: amount, duplicates: amount, untracked: amount }),
  're-probe': record({
    source: text,
    seq: amount,
    remoteIp: text,
    failedAt: amount,
    failure: text,
    sentAt: amount,
    endedAt: amount,
    status: amount,
    error: nullable(text),
    errorPhase: oneOf(...ERROR_PHASES),
    bodyOk: amount,
    target: nullable(text),
    request: nullable(text),
  }),
  'deploy-started': record({ target: text, pid: amount, born: nullable(text), host: text }),
  'balancer-retry': record({ operation: text, attempt: amount, delayMs: amount, error: text }),
  'clock-compared': record({ source: text, offsetMs: amount, errorMs: amount, by: oneOf('service', 'stated') }),
  recovery: record({ target: text, ok: flag, message: text }),
  interrupted: record({ signal: oneOf('SIGINT', 'SIGTERM', 'SIGHUP') }),
  warning: record({ message: text }),
  'run-ended': record({
    deploy: oneOf('complete', 'failed', 'interrupted', 'not-started'),
    stillDetached: texts,
    error: nullable(text),
    parts: absentOr(
      (value) =>
        objects(value) ??
        (value as readonly unknown[]).map(record({ name: text, lines: amount })).find((p) => p !== null) ??
        null,
    ),
  }),
};

const scenario = record({
  name: text,
  description: text,
  environment: text,
  service: record({
    url: text,
    method: text,
    headers: object,
    ok: object,
    identity: record({ target: text, version: text }),
  }),
  balancer: record({ kind: text, name: text }),
  targets: listOf(record({ id: text, instance: text })),
  rollout: record({ strategy: text, sleep: object, deploy: object, version: text }),
  traffic: record({ ratePerSecond: amount, lanes: object, timeoutMs: amount }),
  policy: record({ mode: oneOf('strict', 'budget', 'attributed'), alpha: amount, slo: amount, gates: object }),
});

const selfTest = record({
  engine: text,
  version: nullable(text),
  method: text,
  toolVersion: text,
  node: text,
  testedAtWall: text,
  cases: listOf(
    record({
      fault: oneOf(...SELF_TEST_FAULTS),
      promised: flag,
      injected: amount,
      seen: amount,
      otherwise: amount,
    }),
  ),
  resent: amount,
  error: nullable(text),
});
const engine = record({
  capabilities: record({ name: text, seesResetsOnReuse: flag, limits: absentOr(texts) }),
  selfTest: nullable(selfTest),
});

const header = record({
  schemaVersion: amount,
  toolVersion: text,
  runId: text,
  startedAtWall: named('an ISO time', (v) => typeof v === 'string' && !Number.isNaN(Date.parse(v))),
  monotonicOriginNs: named('decimal digits', (v) => typeof v === 'string' && /^\d+$/.test(v)),
  scenario,
  scenarioFile: nullable(text),
  command: texts,
  gitRevision: nullable(text),
  tools: object,
  steps: absentOr(record({ stages: texts, origin: record({ host: text, bootId: nullable(text) }) })),
  engine: absentOr(engine),
});

/** What keeps `value` from being a header line, or null when nothing does. */
export function headerProblem(value: unknown): string | null {
  const problem = object(value);
  if (problem !== null) return problem;
  if ((value as { kind?: unknown }).kind !== 'header') return '`kind` must be header';
  return header(value);
}

/** What keeps `value` from being an event of the current schema, or null when nothing does. */
export function eventProblem(value: unknown): string | null {
  const problem = object(value);
  if (problem !== null) return problem;
  const { kind, at } = value as { kind?: unknown; at?: unknown };
  if (typeof kind !== 'string' || !Object.hasOwn(EVENTS, kind)) return '`kind` is not a known event';
  const time = amount(at);
  return time === null ? EVENTS[kind as RunEvent['kind']](value) : `\`at\` ${time}`;
}
