import { haproxyRefusals, ownHaproxyRefusals } from './haproxy/refusals.js';
import {
  isLabKnob,
  knobProblem,
  LAB_KNOB_NAMES,
  type LabKnobInput,
  type LabKnobName,
  type LabKnobs,
  scaledKnobs,
} from './knobs.js';

export { LAB_KNOB_NAMES } from './knobs.js';

/** A preset with its overrides applied. */
export interface LabSettings {
  readonly preset: string;
  readonly knobs: LabKnobs;
}

type KnobInputs = Readonly<Record<LabKnobName, LabKnobInput>>;

/** Delays published for, or seen on, Classic ELB; ranges without a published bound are our estimate. */
const AWS_CLB: KnobInputs = {
  kind: 'classic',
  nodesLike: 'kind',
  nodes: 2,
  azPerNode: true,
  listener: 'http',
  dataPlane: 'own',
  registerDelayMs: [5_000, 30_000],
  registerPropagationMs: [200, 2_000],
  deregisterPropagationMs: [500, 10_000],
  healthIntervalMs: 30_000,
  healthTimeoutMs: 5_000,
  unhealthyThreshold: 2,
  healthyThreshold: 10,
  initialHealthyChecks: 1,
  // AWS's own default for a balancer made through the API: no draining.
  drainEnabled: false,
  drainTimeoutMs: 300_000,
  drainNeverEnds: false,
  rstAtDrainEnd: false,
  connectionTermination: false,
  healthFlap: false,
  closeNoticeMs: 0,
  drainKeepsIdle: false,
  nodeLeavesMs: 0,
  crossZone: true,
  connectRetries: 2,
  preopen: 2,
  idleTimeoutMs: 60_000,
  surgeQueue: 1_024,
  backendMaxConns: 2_048,
  describeStaleMs: 0,
  apiLatencyMs: [20, 120],
  throttleRate: 0,
  dropAckRate: 0,
  apiErrorRate: 0,
  apiErrorCount: 0,
  invalidInstanceForMs: 0,
  accessKeyId: '',
  secretAccessKey: '',
  timeScale: 1,
  startupDelayMs: 1_000,
  readyLagMs: 0,
  healthLies: false,
  // Longer than the balancer's idle timeout, as AWS advises: else reused connections race their close.
  keepAliveMs: 75_000,
  headersTimeoutMs: 0,
  graceMs: 0,
  ignoreSigterm: false,
  stopKeepsIdle: false,
  latencyMs: 2,
  errorRate: 0,
  versionHeader: 'X-Version',
  brokenVersion: '',
  crashAfterMs: 0,
  staleVersion: false,
};

const AWS_ALB: KnobInputs = {
  ...AWS_CLB,
  kind: 'application',
  registerDelayMs: [2_000, 15_000],
  deregisterPropagationMs: [2_000, 25_000],
  healthyThreshold: 5,
  drainEnabled: true,
  connectRetries: 0,
  preopen: 0,
};

/**
 * New connections reach a deregistered target for about two minutes whatever the delay says, and registering is as slow
 * (aws/containers-roadmap#470). Cross-zone is on although an NLB starts without: its DNS takes zones without a healthy
 * target out, which the lab does not model.
 */
const AWS_NLB: KnobInputs = {
  ...AWS_ALB,
  kind: 'network',
  listener: 'tcp',
  registerDelayMs: [60_000, 180_000],
  deregisterPropagationMs: [90_000, 150_000],
  healthTimeoutMs: 10_000,
  idleTimeoutMs: 350_000,
  keepAliveMs: 400_000,
};

/** Every mechanism of the real balancer at a tenth of its time or less, for demos and tests. */
const LAB_FAST: KnobInputs = {
  ...AWS_CLB,
  registerDelayMs: 200,
  registerPropagationMs: [50, 300],
  deregisterPropagationMs: [300, 1_000],
  healthIntervalMs: 1_000,
  healthTimeoutMs: 500,
  healthyThreshold: 2,
  drainEnabled: true,
  drainTimeoutMs: 5_000,
  // Hides nothing: a real Classic ELB retries refused connections and so covers up some too-early stops.
  connectRetries: 0,
  preopen: 0,
  apiLatencyMs: 0,
  startupDelayMs: 150,
  // Abrupt stop: what is in flight when the deploy stops the application is cut.
  graceMs: 0,
};

const PRESETS: Readonly<Record<string, KnobInputs>> = {
  'aws-clb': AWS_CLB,
  'aws-alb': AWS_ALB,
  'aws-nlb': AWS_NLB,
  'lab-fast': LAB_FAST,
};

/** Names a scenario's `preset` may have. */
export const LAB_PRESET_NAMES: readonly string[] = Object.keys(PRESETS);

/**
 * A preset's knobs with the overrides on top.
 * @throws Error naming every unknown knob and every bad value at once.
 */
export function labSettings(preset: string, overrides: Readonly<Record<string, unknown>> = {}): LabSettings {
  const base = Object.hasOwn(PRESETS, preset) ? PRESETS[preset] : undefined;
  if (base === undefined) {
    throw new Error(`unknown lab preset '${preset}'; the presets are ${LAB_PRESET_NAMES.join(', ')}`);
  }
  const problems: string[] = [];
  const inputs: Record<LabKnobName, LabKnobInput> = { ...base };
  for (const [name, value] of Object.entries(overrides)) {
    const problem = isLabKnob(name) ? knobProblem(name, value) : `unknown knob '${name}'`;
    if (problem === null) inputs[name as LabKnobName] = value as LabKnobInput;
    else problems.push(problem);
  }
  if (problems.some((problem) => problem.startsWith('unknown')))
    problems.push(`the knobs are ${LAB_KNOB_NAMES.join(', ')}`);
  if (!Object.hasOwn(overrides, 'healthTimeoutMs') && problems.length === 0) {
    inputs.healthTimeoutMs = Math.min(inputs.healthTimeoutMs as number, inputs.healthIntervalMs as number);
  }
  if (problems.length === 0 && (inputs.healthTimeoutMs as number) > (inputs.healthIntervalMs as number)) {
    problems.push("'healthTimeoutMs' must not be more than 'healthIntervalMs'");
  }
  if (!Object.hasOwn(overrides, 'listener') && (inputs.kind === 'network') !== (base.kind === 'network')) {
    inputs.listener = inputs.kind === 'network' ? 'tcp' : 'http';
  }
  if (problems.length === 0 && inputs.kind === 'application' && !String(inputs.listener).startsWith('http')) {
    problems.push("'listener' of an Application Load Balancer must be http or https");
  }
  if (problems.length === 0 && inputs.kind === 'network' && String(inputs.listener).startsWith('http')) {
    problems.push("'listener' of a Network Load Balancer must be tcp or ssl");
  }
  if (inputs.kind === 'haproxy') {
    if (inputs.listener !== 'http') problems.push("'listener' must be http with 'kind' haproxy");
    problems.push(...ownHaproxyRefusals(overrides));
  } else if (inputs.dataPlane === 'haproxy') {
    if (inputs.listener !== 'http') problems.push("'listener' must be http with 'dataPlane' haproxy");
    problems.push(...haproxyRefusals(overrides));
  }
  if (problems.length > 0) throw new Error(`lab knobs: ${problems.join('; ')}`);
  return { preset, knobs: scaledKnobs(inputs) };
}
