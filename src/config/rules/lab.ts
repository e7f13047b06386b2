import { type Finding, problem, type Rule } from './rule.js';

/** The lab refuses what HAProxy cannot do; it is said here with its line, before anything starts. */
const haproxyCanDoIt: Rule = {
  reads: ['balancer'],
  findings: ({ balancer }) => {
    if (balancer.kind !== 'lab' || balancer.knobs.dataPlane !== 'haproxy') return [];
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

/** Rules about `balancer:` of kind lab. */
export const LAB_RULES: readonly Rule[] = [haproxyCanDoIt];
