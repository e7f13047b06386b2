import { ratioGate } from './ratio-gate.js';

/** GEN_LATE: the offered load was not the declared load. */
export const generatorLate = ratioGate({
  meta: {
    id: 'generator-late',
    title: 'The generator sent on time',
    failureTitle: 'The generator sent late',
    why: 'Requests sent late were not there to see an outage, and flatter the latency.',
    docs: { GEN_LATE: 'More arrivals than allowed were sent too long after they were due.' },
  },
  code: 'GEN_LATE',
  of: (h) => h.late,
  limit: (g) => g.maxLate,
  did: 'were sent late',
  hint: 'Lower traffic.rate, or run the generator on a machine of its own.',
});
