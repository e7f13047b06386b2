import { ratioGate } from './ratio-gate.js';

/** GEN_CLIENT_ERRORS: the generator's own machine was at its end. */
export const generatorClientErrors = ratioGate({
  meta: {
    id: 'generator-client-errors',
    title: 'The generator had ports, files and names',
    failureTitle: 'The generator failed on its own machine',
    why: 'Without ports, file descriptors or name look-up a request says nothing about the service.',
    docs: {
      GEN_CLIENT_ERRORS:
        'More arrivals than allowed failed in the generator itself (ports, file descriptors) or in DNS.',
    },
  },
  code: 'GEN_CLIENT_ERRORS',
  of: (h) => h.clientErrors,
  limit: (g) => g.maxClientErrors,
  did: 'failed on the client side',
  hint: 'Raise the file limit and the ephemeral port range, lower the weight of lane new, or fix name look-up (traffic.resolve).',
});
