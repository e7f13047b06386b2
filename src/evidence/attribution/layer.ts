import { LANES } from '../../domain/sample.js';
import { type JudgedSamples, NO_TARGET } from '../judged-samples.js';

/** Its connections carry one request each and tell nothing; remembering millions of them would take gigabytes. */
const ONCE = LANES.indexOf('new');

/**
 * Whether one connection was answered by different targets: then the balancer spreads requests, not connections, and
 * takes the client's connection itself. A refused connection, a broken TLS handshake or a connect timeout is then of the
 * balancer's own address and never of a target. False also where nothing shows it (one target per connection may be
 * stickiness, a pass-through balancer, or chance).
 */
export function spreadsRequests(samples: JudgedSamples): boolean {
  const { table, ok, target } = samples;
  const seen = new Map<number, number>();
  for (let row = 0; row < table.length; row++) {
    if (table.lane.at(row) === ONCE) continue;
    const id = table.connectionId.at(row);
    if (ok[row] === 0 || id === 0 || target[row] === NO_TARGET || table.connectionUse.at(row) < 1) continue;
    const key = table.source.codes.at(row) * 2 ** 32 + id;
    const first = seen.get(key);
    if (first === undefined) seen.set(key, target[row]!);
    else if (first !== target[row]) return true;
  }
  return false;
}
