import type { GeneratorHealth } from '../../domain/evidence.js';
import type { GatePolicy } from '../../domain/scenario.js';
import type { VerdictCode } from '../../domain/verdict.js';
import { type Check, type CheckMeta, inconclusive, passed } from '../check.js';
import { count, percent, share } from '../figures.js';

interface RatioGate {
  readonly meta: CheckMeta;
  readonly code: VerdictCode;
  readonly of: (health: GeneratorHealth) => number;
  readonly limit: (gates: GatePolicy) => number;
  /** What the arrivals did, e.g. `were never sent`. */
  readonly did: string;
  readonly hint: string | ((health: GeneratorHealth) => string);
}

/** A generator-health gate of verdict.md §2: a share of the judged arrivals that must stay small. */
export function ratioGate(gate: RatioGate): Check {
  const { meta, code, of, limit, did, hint } = gate;
  return {
    meta,
    evaluate({ health }, policy) {
      const [k, max] = [of(health), limit(policy.gates)];
      const ratio = share(k, health.arrivals);
      const figures = { measured: percent(ratio), threshold: `≤ ${percent(max)}` };
      const message = `${count(k)} of ${count(health.arrivals)} arrivals ${did}`;
      if (ratio <= max) return passed(meta, message, figures);
      const advice = typeof hint === 'string' ? hint : hint(health);
      return inconclusive(meta, code, { ...figures, message, hint: advice });
    },
  };
}
