import { formatDuration } from '../../domain/time.js';
import { type Check, type CheckMeta, inconclusive, passed } from '../check.js';
import { count, percent, share } from '../figures.js';

const meta: CheckMeta = {
  id: 'generator-stall',
  title: 'The generator was never stopped in its tracks',
  failureTitle: 'The generator stood still',
  why: 'A generator that does not run sees timeouts that never were, and misses outages that were.',
  docs: {
    GEN_STALL:
      'The generator did not run for longer than allowed, its stalls made outcomes unknown, or it did not report its health as promised.',
  },
};

/** GEN_STALL of verdict.md §2. */
export const generatorStall: Check = {
  meta,
  evaluate({ health }, policy) {
    const { maxForged, maxStallMs } = policy.gates;
    const forged = share(health.forged, health.arrivals);
    const figures = {
      measured: `${formatDuration(health.stallMaxMs)}, ${percent(forged)} in doubt`,
      threshold: `≤ ${formatDuration(maxStallMs)}, ≤ ${percent(maxForged)}`,
    };
    const message = `the generator stood still for up to ${formatDuration(health.stallMaxMs)}${health.forged === 0 ? '' : `; ${count(health.forged)} outcomes are in doubt for it`}`;
    if (health.silent !== null)
      return inconclusive(meta, 'GEN_STALL', {
        ...figures,
        message: health.silent,
        hint: 'Look for a generator thread that hung or died, then run it again.',
      });
    if (forged <= maxForged && health.stallMaxMs <= maxStallMs) return passed(meta, message, figures);
    return inconclusive(meta, 'GEN_STALL', {
      ...figures,
      message,
      hint: 'Run the generator on a machine that is not busy with the deploy.',
    });
  },
};
