import { AddressBook } from '../../dist/traffic/embedded/address-book.js';
import { HttpClient } from '../../dist/traffic/embedded/client.js';
import { Recorder } from '../../dist/traffic/embedded/recorder.js';
import { requestTemplate } from '../../dist/traffic/embedded/request.js';
import { headFormat } from '../../dist/traffic/embedded/response-head.js';
import { socketOpener } from '../../dist/traffic/embedded/sockets.js';
import { Tally } from '../../dist/traffic/embedded/tally.js';
import { monotonicClock } from '../../dist/traffic/embedded/thread-host.js';
import { benchWorkload } from './workload.mjs';

const REUSE = 1;

/**
 * Our own client in a closed loop, driven by its answers instead of by a schedule: every connection gets the next request
 * when the answer to the last is whole. `onBatch` takes the packed rows; without it nothing is written down at all. Returns what
 * ends it.
 */
export function ownLoop({ port, connections, onBatch }) {
  const workload = benchWorkload({ port, rate: 1, milliseconds: 0 });
  const { service, traffic } = workload;
  const url = new URL(service.url);
  const now = monotonicClock(workload.monotonicOriginNs);
  const template = requestTemplate(workload);
  const real = new Recorder(new Tally([service.ok]), onBatch ?? (() => {}));
  let [idle, seq, isOver, isWaiting] = [connections, 0, false, false];
  const recorder = {
    row: real.row,
    dictionaries: real.dictionaries,
    commit() {
      idle++;
      if (real.row.status !== 200) throw new Error('the target did not answer');
      if (onBatch !== undefined) real.commit();
    },
  };
  const fireIdle = () => {
    isWaiting = false;
    for (; idle > 0 && !isOver; idle--) {
      const at = now();
      client.fire(seq++, REUSE, at, 0);
    }
  };
  const addresses = new AddressBook({
    url,
    resolve: {},
    lookup: () => {
      throw new Error('an address needs no look-up');
    },
    pickAt: () => 0,
    patienceMs: traffic.timeoutMs,
    settled: () => {},
  });
  const client = new HttpClient({
    now,
    alive: () => {},
    template,
    requests: template.kinds.map(() => ({ code: 0, headOnly: false, body: null })),
    format: headFormat(service.identity, real.dictionaries),
    recorder,
    addresses,
    timeoutMs: traffic.timeoutMs,
    secure: false,
    // The next request goes out when the client has put the connection back: after the answer, not within it.
    opener: (events) =>
      socketOpener(url, traffic.tls, null, {
        connected: (c) => events.connected(c),
        secured: (c) => events.secured(c),
        ended: (c) => events.ended(c),
        failed: (c, error) => events.failed(c, error),
        closed: (c) => events.closed(c),
        data(c, bytes, length) {
          events.data(c, bytes, length);
          // One burst after all the input of a turn, as the generator fires at a wake-up.
          if (isWaiting) return;
          isWaiting = true;
          setImmediate(fireIdle);
        },
      }),
  });
  addresses.refresh(now());
  fireIdle();
  return () => {
    isOver = true;
    client.close();
  };
}
