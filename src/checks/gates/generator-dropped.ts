import { ratioGate } from './ratio-gate.js';

/** GEN_DROPPED: drops come when the target hangs, so they are never treated as missing at random. */
export const generatorDropped = ratioGate({
  meta: {
    id: 'generator-dropped',
    title: 'The generator sent what was due',
    failureTitle: 'The generator dropped arrivals',
    why: 'Arrivals are dropped exactly when the service hangs; leaving them out would hide the outage.',
    docs: { GEN_DROPPED: 'More arrivals than allowed were not sent because too many requests were in flight.' },
  },
  code: 'GEN_DROPPED',
  of: (h) => h.dropped,
  limit: (g) => g.maxDropped,
  did: 'were dropped unsent',
  hint: 'Raise traffic.maxInFlight, or lower traffic.rate.',
});
