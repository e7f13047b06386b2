import type { LabKnobValue } from '../domain/scenario.js';
import { quoted } from './problem-text.js';
import { type Reading, readDuration, readFlag, readNumber, readRatio } from './quantity.js';

/** How a knob's value is written. `range` takes one duration or a pair `[lo, hi]` drawn from at random. */
export type LabKnobKind = 'range' | 'ms' | 'count' | 'ratio' | 'flag' | 'text' | 'choice' | 'factor';

/** One knob of the lab. `min` and `max` bound the value (ms for durations); they mean nothing for flags and text. */
export interface LabKnob {
  readonly name: string;
  readonly kind: LabKnobKind;
  readonly min: number;
  readonly max: number;
  /** What a `choice` may be. */
  readonly of?: readonly string[];
  readonly description: string;
  /** What a `text` must match. */
  readonly pattern?: RegExp;
}

/** Longest delay the lab plays, ms: an hour. */
const HOUR_MS = 3_600_000;
const MAX_TEXT = 200;

const range = (name: string, description: string): LabKnob => ({
  name,
  kind: 'range',
  min: 0,
  max: HOUR_MS,
  description,
});
const ms = (name: string, description: string, min = 0): LabKnob => ({
  name,
  kind: 'ms',
  min,
  max: HOUR_MS,
  description,
});
const count = (name: string, min: number, max: number, description: string): LabKnob => ({
  name,
  kind: 'count',
  min,
  max,
  description,
});
const ratio = (name: string, description: string): LabKnob => ({ name, kind: 'ratio', min: 0, max: 1, description });
const flag = (name: string, description: string): LabKnob => ({ name, kind: 'flag', min: 0, max: 1, description });

/** Every knob of the lab a scenario may turn, balancer first, then the application. A test compares it with the lab's. */
export const LAB_KNOBS: readonly LabKnob[] = [
  {
    name: 'kind',
    kind: 'choice',
    min: 0,
    max: MAX_TEXT,
    of: ['classic', 'application', 'network', 'haproxy'],
    description:
      'Which balancer the lab is, whatever the timing: `classic`, `application` or `network` (ELBv2), or a real `haproxy`, reached over its runtime API.',
  },
  count('nodes', 1, 8, 'Load balancer nodes, each with its own view of the targets.'),
  flag('azPerNode', 'Every node in a zone of its own; false puts all nodes and targets into one.'),
  {
    name: 'nodesLike',
    kind: 'choice',
    min: 0,
    max: MAX_TEXT,
    of: ['kind', 'classic', 'application', 'network'],
    description: 'Whose data plane the nodes have; kind = that of the balancer itself.',
  },
  {
    name: 'listener',
    kind: 'choice',
    min: 0,
    max: MAX_TEXT,
    of: ['http', 'https', 'tcp', 'ssl'],
    description: 'What clients speak to the nodes: http, https, tcp or ssl. The lab makes its own certificate.',
  },
  {
    name: 'dataPlane',
    kind: 'choice',
    min: 0,
    max: MAX_TEXT,
    of: ['own', 'haproxy'],
    description:
      'What carries the traffic: `own` code, or `haproxy`, a process per node (docs/lab.md says what it can do).',
  },
  range('registerDelayMs', 'From the attach call until the balancer starts to check the target.'),
  range('registerPropagationMs', 'After registerDelayMs, until a node sends it traffic; drawn per node.'),
  range('deregisterPropagationMs', 'From the detach call until a node stops sending it traffic; drawn per node.'),
  ms('healthIntervalMs', 'Time between two health checks.', 1),
  ms('healthTimeoutMs', 'How long a health check waits for its answer; at most healthIntervalMs.', 1),
  count('unhealthyThreshold', 1, 10, 'Failed checks in a row until a target is out of service.'),
  count('healthyThreshold', 1, 10, 'Passed checks in a row until a target is in service again.'),
  count('initialHealthyChecks', 1, 10, 'Passed checks a newly attached target needs.'),
  flag('drainEnabled', 'Connection draining; without it requests in flight are cut at the detach.'),
  ms('drainTimeoutMs', 'How long draining waits for requests in flight before it cuts them.', 1),
  flag('drainNeverEnds', 'Draining never ends: nothing is cut, and the target goes on draining for ever.'),
  flag('rstAtDrainEnd', 'What is in flight at the end of draining is reset instead of answered.'),
  flag('connectionTermination', 'A Network Load Balancer cuts the flows of a target at the end of its draining.'),
  flag('healthFlap', 'A newly attached target passes, then fails until it is out of service, then passes for good.'),
  ms('closeNoticeMs', 'How long a node takes a connection for open after its target closed it; 0 = loopback speed.'),
  flag('drainKeepsIdle', 'A node keeps idle connections to a detached target until idleTimeoutMs.'),
  ms('nodeLeavesMs', 'The last node refuses connections from then on, counted from the start of the lab; 0 = never.'),
  flag('crossZone', 'Whether a node may use targets of other zones.'),
  count('connectRetries', 0, 10, 'Times a node tries again when a target refuses the connection.'),
  count('preopen', 0, 100, 'Idle connections a node opens to each target in advance.'),
  ms('idleTimeoutMs', 'Silence after which the balancer closes a connection.', 1),
  count('surgeQueue', 0, 100_000, 'Requests a node queues when no target can take them.'),
  count('backendMaxConns', 1, 100_000, 'Requests a node has outstanding at one target before further ones queue.'),
  ms('describeStaleMs', 'How old the answers of the describe calls are.'),
  range('apiLatencyMs', 'How long every API call takes.'),
  ratio('throttleRate', 'Share of API calls refused with Throttling.'),
  ratio('dropAckRate', 'Share of changing API calls that are applied but never answered.'),
  ratio('apiErrorRate', 'Share of API calls answered 500 InternalFailure before anything happens.'),
  count('apiErrorCount', 0, 1_000_000, 'The first changing API calls that are answered 500 and change nothing.'),
  ms('invalidInstanceForMs', 'How long after its attach describe calls that name a target answer InvalidInstance.'),
  {
    name: 'accessKeyId',
    kind: 'text',
    min: 0,
    max: MAX_TEXT,
    description: 'The only access key id the API takes; any when not set.',
  },
  {
    name: 'secretAccessKey',
    kind: 'text',
    min: 0,
    max: MAX_TEXT,
    description: 'Signatures are checked against it; not at all when not set.',
  },
  {
    name: 'timeScale',
    kind: 'factor',
    min: 0.001,
    max: 100,
    description: 'Multiplies every time of the lab: 0.1 is ten times as fast.',
  },
  ms('startupDelayMs', 'From the start of the application until its port is open.'),
  ms('readyLagMs', 'From the open port until the application can really serve; it answers 503 meanwhile.'),
  flag('healthLies', 'The health check passes as soon as the port is open, ready or not.'),
  ms('keepAliveMs', 'Silence after which the application closes a connection.'),
  ms('headersTimeoutMs', 'The application answers 408 to a connection without a request for this long; 0 = never.'),
  ms('graceMs', 'How long a stopping application finishes what is in flight; 0 stops at once.'),
  flag('ignoreSigterm', 'The application does not stop when asked and has to be killed.'),
  flag('stopKeepsIdle', 'A stopping application waits, within graceMs, until others close its idle connections.'),
  ms('latencyMs', 'How long the application takes to answer.'),
  ratio('errorRate', 'Share of requests the application answers with an error, at all times.'),
  {
    name: 'versionHeader',
    kind: 'text',
    min: 0,
    max: 64,
    pattern: /^[A-Za-z0-9-]+$/,
    description: 'Name of the header in which the application tells its version; none = it does not.',
  },
  { name: 'brokenVersion', kind: 'text', min: 0, max: MAX_TEXT, description: 'A version that never becomes healthy.' },
  ms('crashAfterMs', 'The broken version crashes this long after its port is open; 0 = it stays and answers errors.'),
  flag('staleVersion', 'A deploy restarts the process but keeps the old version.'),
];

const HINTS: Readonly<Record<LabKnobKind, string>> = {
  range: 'write 500 (ms), 2s, or a range such as [300, 1s]',
  ms: 'write 500 (ms) or 2s',
  count: 'write a whole number',
  ratio: 'write 0.1 or 10%',
  flag: 'write true or false',
  text: 'write text such as v2',
  choice: 'write one of the words',
  factor: 'write a number such as 0.5',
};

/** Reads a knob's value as it stands in the file: text, or a list of two for ranges. */
export function readKnob(knob: LabKnob, value: unknown): Reading<LabKnobValue> {
  const hint = HINTS[knob.kind];
  if (Array.isArray(value)) {
    if (knob.kind !== 'range') return { ok: false, message: 'takes one value, not a list', hint };
    const [lo, hi] = [value[0], value[1]].map((end) => (typeof end === 'string' ? readMs(knob, end) : null));
    if (value.length !== 2 || !lo || !hi) return { ok: false, message: 'a range has exactly two ends', hint };
    if (!lo.ok) return { ...lo, hint };
    if (!hi.ok) return { ...hi, hint };
    if (lo.value > hi.value) {
      return { ok: false, message: `the range starts at ${lo.value} ms, after its end at ${hi.value} ms`, hint };
    }
    return { ok: true, value: [lo.value, hi.value] };
  }
  if (typeof value !== 'string') {
    return { ok: false, message: value === null ? 'is empty' : 'takes one value, not a map', hint };
  }
  const result = readScalarKnob(knob, value);
  return result.ok || result.hint !== '' ? result : { ...result, hint };
}

function readScalarKnob(knob: LabKnob, text: string): Reading<LabKnobValue> {
  const { min, max } = knob;
  switch (knob.kind) {
    case 'range':
    case 'ms':
      return readMs(knob, text);
    case 'count':
      return readNumber(text, { min, max, whole: true });
    case 'factor':
      return readNumber(text, { min, max, whole: false });
    case 'ratio':
      return readRatio(text);
    case 'flag':
      return readFlag(text);
    case 'choice':
      if (knob.of?.includes(text)) return { ok: true, value: text };
      return { ok: false, message: `${quoted(text)} is not known`, hint: `write one of ${(knob.of ?? []).join(', ')}` };
    case 'text':
      if (text.trim() === '') return { ok: false, message: 'is empty', hint: '' };
      if (text.length > max) return { ok: false, message: `is longer than ${max} characters`, hint: '' };
      if (knob.pattern?.test(text) === false) {
        return { ok: false, message: `${quoted(text)} is not a header name`, hint: 'write a name such as X-Version' };
      }
      return { ok: true, value: text };
  }
}

function readMs(knob: LabKnob, text: string): Reading<number> {
  const result = readDuration(text, 'ms');
  if (!result.ok) return { ...result, hint: '' };
  if (result.value >= knob.min && result.value <= knob.max) return result;
  return { ok: false, message: `${quoted(text)} is not between ${knob.min} ms and an hour`, hint: '' };
}
