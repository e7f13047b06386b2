import type { GeneratorHealth } from '../../domain/evidence.js';
import { count } from '../figures.js';
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
  hint,
});

/** From here on something that is counted once a second may have been used up in between. */
const NEARLY_ALL = 0.8;

/** What was nearly used up, where the system tells; else all it can have been. */
function hint({ limits }: GeneratorHealth): string {
  const { ports, files } = limits;
  const told = [
    files !== null && files.inUse >= NEARLY_ALL * files.limit
      ? `Up to ${count(files.inUse)} of ${count(files.limit)} file descriptors were open: raise the limit (ulimit -n).`
      : '',
    ports !== null && ports.inUse >= NEARLY_ALL * ports.limit
      ? `Up to ${count(ports.inUse)} of ${count(ports.limit)} ephemeral ports were taken: widen net.ipv4.ip_local_port_range or lower the weight of lane new.`
      : '',
  ].filter((text) => text !== '');
  if (told.length > 0) return told.join(' ');
  return 'Raise the file limit and the ephemeral port range, lower the weight of lane new, or fix name look-up (traffic.resolve).';
}
