import { type Finding, problem, type Rule } from './rule.js';

/** Only our own generator can be woken more exactly; only a plan that rollproof makes can be split. */
const paceFits: Rule = {
  reads: ['traffic.engine', 'traffic.script', 'traffic.precise', 'traffic.segments', 'traffic.maxInFlight'],
  findings: ({ traffic: { engine, script, precise, segments, maxInFlight } }) => {
    const findings: Finding[] = [];
    if (precise && engine !== 'embedded')
      findings.push(
        problem(['traffic', 'precise'], `${engine} keeps its own time`, 'write traffic.engine: embedded, or remove it'),
      );
    if (segments > 1 && (engine === 'jmeter' || script !== null))
      findings.push(
        problem(
          ['traffic', 'segments'],
          script === null ? 'JMeter cannot share a plan' : 'the arrivals of an own script are its own',
          'use engine embedded or k6 without a script, or remove it',
        ),
      );
    if (maxInFlight !== null && maxInFlight < segments)
      findings.push(
        problem(
          ['traffic', 'segments'],
          `${maxInFlight} requests in flight cannot be shared by ${segments} segments`,
          'raise traffic.maxInFlight, or use fewer segments',
        ),
      );
    return findings;
  },
};

/** Rules about how the arrivals of `traffic:` are paced. */
export const PACE_RULES: readonly Rule[] = [paceFits];
