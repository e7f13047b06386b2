import { type Finding, problem, type Rule } from './rule.js';

/** The lab refuses what HAProxy cannot do; it is said here with its line, before anything starts. */
const haproxyCanDoIt: Rule = {
  reads: ['balancer'],
  findings: ({ balancer }) => {
    if (balancer.kind !== 'lab' || balancer.knobs.dataPlane !== 'haproxy' || balancer.knobs.kind === 'haproxy')
      return [];
    const { knobs, preset } = balancer;
    const finding = (knob: string, message: string, hint: string): Finding =>
      problem(['balancer', 'knobs', knob], message, hint);
    const findings: Finding[] = [];
    const carriesFlows =
      knobs.listener === undefined && (knobs.kind ?? (preset === 'aws-nlb' && 'network')) === 'network';
    if (carriesFlows || (knobs.listener ?? 'http') !== 'http') {
      findings.push(finding('dataPlane', 'haproxy serves http listeners only', 'write own, or listener: http'));
    }
    if (typeof knobs.preopen === 'number' && knobs.preopen > 0) {
      findings.push(finding('preopen', 'HAProxy opens no connections in advance', 'remove it, or dataPlane: own'));
    }
    if (knobs.surgeQueue !== undefined) {
      findings.push(finding('surgeQueue', "HAProxy's queue has no such bound", 'remove it, or dataPlane: own'));
    }
    if (knobs.rstAtDrainEnd === true) {
      findings.push(finding('rstAtDrainEnd', 'HAProxy answers what it cuts', 'remove it, or dataPlane: own'));
    }
    return findings;
  },
};

/** Knobs of AWS's balancers and their API; the lab has the same list (test/config/bad-lab.test.ts compares them). */
export const NOT_OF_HAPROXY: readonly string[] = [
  'azPerNode',
  'nodesLike',
  'dataPlane',
  'registerDelayMs',
  'registerPropagationMs',
  'deregisterPropagationMs',
  'initialHealthyChecks',
  'drainEnabled',
  'drainNeverEnds',
  'rstAtDrainEnd',
  'connectionTermination',
  'healthFlap',
  'closeNoticeMs',
  'drainKeepsIdle',
  'nodeLeavesMs',
  'crossZone',
  'preopen',
  'surgeQueue',
  'describeStaleMs',
  'apiLatencyMs',
  'throttleRate',
  'dropAckRate',
  'apiErrorRate',
  'apiErrorCount',
  'invalidInstanceForMs',
  'accessKeyId',
  'secretAccessKey',
];

/** A lab that is a real HAProxy takes what a HAProxy and the applications have. */
const haproxyIsReal: Rule = {
  reads: ['balancer'],
  findings: ({ balancer }) => {
    if (balancer.kind !== 'lab' || balancer.knobs.kind !== 'haproxy') return [];
    const { knobs } = balancer;
    const finding = (knob: string, message: string, hint: string): Finding =>
      problem(['balancer', 'knobs', knob], message, hint);
    const unknown = NOT_OF_HAPROXY.filter((knob) => knobs[knob] !== undefined);
    return [
      ...unknown.map((knob) => finding(knob, 'the lab is a real HAProxy, which has no such knob', 'remove it')),
      ...((knobs.listener ?? 'http') === 'http'
        ? []
        : [finding('listener', 'HAProxy serves http in the lab', 'remove it')]),
      ...(typeof knobs.nodes === 'number' && knobs.nodes > 1
        ? [finding('nodes', 'the lab starts one HAProxy', 'remove it')]
        : []),
    ];
  },
};

/** Rules about `balancer:` of kind lab. */
export const LAB_RULES: readonly Rule[] = [haproxyCanDoIt, haproxyIsReal];
