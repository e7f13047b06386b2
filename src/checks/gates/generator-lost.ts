import { type Check, type CheckMeta, inconclusive, passed } from '../check.js';
import { count, percent, share } from '../figures.js';

const meta: CheckMeta = {
  id: 'generator-lost',
  title: 'No record of an arrival is missing',
  failureTitle: 'Records of arrivals are missing',
  why: 'A lost record may be the failed request. Rows fewer than what the generator says it scheduled are never excused.',
  docs: {
    GEN_LOST: 'The sample streams have holes, hold fewer rows than the generator scheduled, or the generator broke.',
  },
};

/** GEN_LOST of verdict.md §2. */
export const generatorLost: Check = {
  meta,
  evaluate({ health }, policy) {
    const missing = Math.max(health.lost, health.shortfall);
    const ratio = share(health.lost, Math.max(1, health.arrivals));
    const figures = {
      measured: `${count(missing)} (${percent(share(missing, Math.max(1, health.arrivals)))})`,
      threshold: `≤ ${percent(policy.gates.maxLost)}`,
    };
    const hint = 'Look for a crashed generator or a full disk, then run it again.';
    if (health.engineError !== null)
      return inconclusive(meta, 'GEN_LOST', {
        ...figures,
        message: `the generator broke: ${health.engineError}`,
        hint,
      });
    if (ratio <= policy.gates.maxLost && health.shortfall === 0)
      return passed(meta, `${count(missing)} records are missing`, figures);
    return inconclusive(meta, 'GEN_LOST', {
      ...figures,
      message: `${count(missing)} records of arrivals are missing from the run`,
      hint,
    });
  },
};
