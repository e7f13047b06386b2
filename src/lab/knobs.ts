/** What a user may write for one knob. A range is drawn from anew each time; a plain number means [n, n]. */
export type LabKnobInput = number | boolean | string | readonly [number, number];

/** A range of milliseconds (or any unit) to draw from, both ends included. */
export type KnobRange = readonly [number, number];

/** AWS's three balancers: Classic ELB, Application and Network Load Balancer. */
export type AwsKind = 'classic' | 'application' | 'network';

/** What the lab can be: one of AWS's, or a real HAProxy that is spoken to over its own runtime API. */
export type LabKind = AwsKind | 'haproxy';

/** Every knob resolved. All `…Ms` values are already multiplied by `timeScale`. */
export interface LabKnobs {
  /** Which balancer the lab is; which API speaks of it and how its nodes answer. */
  readonly kind: LabKind;
  /** Balancer nodes, each with its own address, routing table and health checks. */
  readonly nodes: number;
  /** Each node in an Availability Zone of its own; false = all nodes and instances share one. */
  readonly azPerNode: boolean;
  /** Whose data plane the nodes have when it is not that of `kind`: an NLB's, say, behind the Classic API. */
  readonly nodesLike: 'kind' | AwsKind;
  /** What clients speak to the nodes: http, https, tcp or ssl. Instances are spoken to in the clear. */
  readonly listener: 'http' | 'https' | 'tcp' | 'ssl';
  /** What carries the traffic: the lab's own code, or a HAProxy process per node. */
  readonly dataPlane: 'own' | 'haproxy';
  /** From the API's answer until the control plane acts on a registration. */
  readonly registerDelayMs: KnobRange;
  /** After registerDelay, until one node routes to the new instance; drawn per node. */
  readonly registerPropagationMs: KnobRange;
  /** From the API's answer until one node stops routing to the instance; drawn per node. */
  readonly deregisterPropagationMs: KnobRange;
  readonly healthIntervalMs: number;
  readonly healthTimeoutMs: number;
  readonly unhealthyThreshold: number;
  readonly healthyThreshold: number;
  /** Checks a newly registered instance must pass before it is routed to. */
  readonly initialHealthyChecks: number;
  readonly drainEnabled: boolean;
  readonly drainTimeoutMs: number;
  /** A draining instance is never let go of, and its requests are never cut. */
  readonly drainNeverEnds: boolean;
  /** What is in flight at the end of draining is reset instead of answered. */
  readonly rstAtDrainEnd: boolean;
  /** An NLB cuts the flows of an instance at the end of its draining; false = they go on as long as the instance does. */
  readonly connectionTermination: boolean;
  /** A newly registered instance passes its first checks, then fails until it is out of service, then passes again. */
  readonly healthFlap: boolean;
  /** A node goes on taking a connection for open this long after its target closed it: the way of the news. */
  readonly closeNoticeMs: number;
  /** A node keeps idle connections to a target that left until `idleTimeoutMs`; false = it closes them. */
  readonly drainKeepsIdle: boolean;
  /** The last node takes no new connections from this long after the lab's start, and stays in DNS; 0 = it stays. */
  readonly nodeLeavesMs: number;
  readonly crossZone: boolean;
  /** Times a node tries another connection when connecting to an instance fails. */
  readonly connectRetries: number;
  /** Connections a node opens to each instance ahead of need. */
  readonly preopen: number;
  readonly idleTimeoutMs: number;
  readonly surgeQueue: number;
  /** Requests (TCP: connections) one node has outstanding at one instance before further ones wait. */
  readonly backendMaxConns: number;
  /** Describe calls answer with what was true this long ago. */
  readonly describeStaleMs: number;
  readonly apiLatencyMs: KnobRange;
  /** Share of API calls refused with Throttling. */
  readonly throttleRate: number;
  /** Share of changing API calls that are applied while their answer is lost. */
  readonly dropAckRate: number;
  /** Share of API calls answered 500 InternalFailure before anything happens. */
  readonly apiErrorRate: number;
  /** This many changing API calls, the first ones, are answered 500 InternalFailure and change nothing. */
  readonly apiErrorCount: number;
  /** Describe calls that name an instance answer InvalidInstance (InvalidTarget) for so long after it was registered. */
  readonly invalidInstanceForMs: number;
  /** The only key id the API takes; empty = any, and none. */
  readonly accessKeyId: string;
  /** Signatures are checked against it; empty = not at all. */
  readonly secretAccessKey: string;
  readonly timeScale: number;
  readonly startupDelayMs: number;
  /** The application's port is open this long before it can serve. */
  readonly readyLagMs: number;
  /** The application's health page says 200 whatever its state. */
  readonly healthLies: boolean;
  readonly keepAliveMs: number;
  /** The application answers 408 to a connection that sends no whole head for this long, pre-opened ones too; 0 = never. */
  readonly headersTimeoutMs: number;
  /** How long a stopping application finishes requests; 0 = it stops abruptly. */
  readonly graceMs: number;
  readonly ignoreSigterm: boolean;
  /** Within its grace, a stopping application waits until the other side has closed its idle connections. */
  readonly stopKeepsIdle: boolean;
  readonly latencyMs: number;
  readonly errorRate: number;
  /** Name of the response header that tells the version; `none` = no such header. */
  readonly versionHeader: string;
  /** A version that never becomes healthy; empty = none. */
  readonly brokenVersion: string;
  /** The broken version ends by itself this long after its port is open; 0 = it stays and answers errors. */
  readonly crashAfterMs: number;
  /** Deploys restart the application without installing the new version. */
  readonly staleVersion: boolean;
}

/** A knob's name: the keys of LabKnobs. */
export type LabKnobName = keyof LabKnobs;

type KnobKind =
  | { readonly kind: 'number'; readonly min: number; readonly max: number; readonly whole: boolean }
  | { readonly kind: 'range'; readonly min: number; readonly max: number }
  | { readonly kind: 'flag' }
  | { readonly kind: 'choice'; readonly of: readonly string[] }
  | { readonly kind: 'text'; readonly pattern?: RegExp; readonly what?: string };

/** Longest delay a knob may ask for: an hour, AWS's own longest. */
const MAX_MS = 3_600_000;
const ms: KnobKind = { kind: 'number', min: 0, max: MAX_MS, whole: false };
const atLeastOneMs: KnobKind = { kind: 'number', min: 1, max: MAX_MS, whole: false };
const msRange: KnobKind = { kind: 'range', min: 0, max: MAX_MS };
const rate: KnobKind = { kind: 'number', min: 0, max: 1, whole: false };
const flag: KnobKind = { kind: 'flag' };
const count = (min: number, max: number): KnobKind => ({ kind: 'number', min, max, whole: true });

const KINDS: Readonly<Record<LabKnobName, KnobKind>> = {
  kind: { kind: 'choice', of: ['classic', 'application', 'network', 'haproxy'] },
  nodes: count(1, 8),
  azPerNode: flag,
  nodesLike: { kind: 'choice', of: ['kind', 'classic', 'application', 'network'] },
  listener: { kind: 'choice', of: ['http', 'https', 'tcp', 'ssl'] },
  dataPlane: { kind: 'choice', of: ['own', 'haproxy'] },
  registerDelayMs: msRange,
  registerPropagationMs: msRange,
  deregisterPropagationMs: msRange,
  healthIntervalMs: atLeastOneMs,
  healthTimeoutMs: atLeastOneMs,
  unhealthyThreshold: count(1, 10),
  healthyThreshold: count(1, 10),
  initialHealthyChecks: count(1, 10),
  drainEnabled: flag,
  drainTimeoutMs: atLeastOneMs,
  drainNeverEnds: flag,
  rstAtDrainEnd: flag,
  connectionTermination: flag,
  healthFlap: flag,
  closeNoticeMs: ms,
  drainKeepsIdle: flag,
  nodeLeavesMs: ms,
  crossZone: flag,
  connectRetries: count(0, 10),
  preopen: count(0, 100),
  idleTimeoutMs: atLeastOneMs,
  surgeQueue: count(0, 100_000),
  backendMaxConns: count(1, 100_000),
  describeStaleMs: ms,
  apiLatencyMs: msRange,
  throttleRate: rate,
  dropAckRate: rate,
  apiErrorRate: rate,
  apiErrorCount: count(0, 1_000_000),
  invalidInstanceForMs: ms,
  accessKeyId: { kind: 'text' },
  secretAccessKey: { kind: 'text' },
  timeScale: { kind: 'number', min: 0.001, max: 100, whole: false },
  startupDelayMs: ms,
  readyLagMs: ms,
  healthLies: flag,
  keepAliveMs: ms,
  headersTimeoutMs: ms,
  graceMs: ms,
  ignoreSigterm: flag,
  stopKeepsIdle: flag,
  latencyMs: ms,
  errorRate: rate,
  versionHeader: { kind: 'text', pattern: /^[A-Za-z0-9-]{1,64}$/, what: 'a header name or none' },
  brokenVersion: { kind: 'text' },
  crashAfterMs: ms,
  staleVersion: flag,
};

/** Every knob a scenario may set, in the order of the documentation. */
export const LAB_KNOB_NAMES: readonly LabKnobName[] = Object.keys(KINDS) as LabKnobName[];

/** True for a name of LAB_KNOB_NAMES. */
export function isLabKnob(name: string): name is LabKnobName {
  return Object.hasOwn(KINDS, name);
}

/** What is wrong with a value for this knob, as one sentence, or null. */
export function knobProblem(name: LabKnobName, value: unknown): string | null {
  const kind = KINDS[name];
  if (kind.kind === 'flag') return typeof value === 'boolean' ? null : `'${name}' must be true or false`;
  if (kind.kind === 'choice') {
    return kind.of.includes(value as string) ? null : `'${name}' must be one of ${kind.of.join(', ')}`;
  }
  if (kind.kind === 'text') {
    if (kind.pattern !== undefined) {
      return typeof value === 'string' && kind.pattern.test(value) ? null : `'${name}' must be ${kind.what}`;
    }
    return typeof value === 'string' && value.length <= 200
      ? null
      : `'${name}' must be a text of at most 200 characters`;
  }
  const fits = (number: unknown): boolean =>
    typeof number === 'number' && Number.isFinite(number) && number >= kind.min && number <= kind.max;
  if (kind.kind === 'number') {
    if (fits(value) && (!kind.whole || Number.isInteger(value))) return null;
    return `'${name}' must be a ${kind.whole ? 'whole ' : ''}number from ${kind.min} to ${kind.max}`;
  }
  if (fits(value)) return null;
  if (Array.isArray(value) && value.length === 2 && value.every(fits) && value[0] <= value[1]) return null;
  return `'${name}' must be a number or [low, high], each from ${kind.min} to ${kind.max}, low first`;
}

/** Knobs with ranges written out and every delay multiplied by `timeScale`. */
export function scaledKnobs(inputs: Readonly<Record<LabKnobName, LabKnobInput>>): LabKnobs {
  const scale = inputs.timeScale as number;
  const resolved: Record<string, LabKnobInput> = {};
  for (const name of LAB_KNOB_NAMES) {
    const value = inputs[name];
    const factor = name.endsWith('Ms') ? scale : 1;
    if (KINDS[name].kind === 'range') {
      const [lo, hi] = (typeof value === 'number' ? [value, value] : value) as KnobRange;
      resolved[name] = [lo * factor, hi * factor];
    } else {
      resolved[name] = typeof value === 'number' ? value * factor : value;
    }
  }
  return resolved as unknown as LabKnobs;
}
