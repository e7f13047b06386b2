import type { SampleBatch } from '../../../src/domain/sample.js';
import type { Lookup } from '../../../src/traffic/embedded/address-book.js';
import { BatchUnpacker } from '../../../src/traffic/embedded/columns.js';
import type { ControlTarget } from '../../../src/traffic/embedded/control-target.js';
import { Generator } from '../../../src/traffic/embedded/generator.js';
import type { FromGenerator } from '../../../src/traffic/embedded/messages.js';
import { serviceUrl } from '../../../src/traffic/embedded/request.js';
import { h2SocketOpener, type SocketEvents, socketOpener } from '../../../src/traffic/embedded/sockets.js';
import { threadHost } from '../../../src/traffic/embedded/thread-host.js';
import { NO_MATERIAL, type TlsMaterial } from '../../../src/traffic/embedded/tls-material.js';
import { type RowView, rowsOf } from './rows.js';
import { type WorkloadChanges, workload } from './workload.js';

/** Runs a generator on this very thread over real sockets, to its end. `running` may act on it meanwhile. */
export function runInProcess(
  changes: WorkloadChanges,
  options: {
    readonly tls?: Partial<TlsMaterial>;
    readonly running?: (generator: Generator) => void;
    readonly control?: ControlTarget;
    readonly lookup?: Lookup;
  } = {},
): Promise<{ rows: RowView[]; scheduled: number; messages: FromGenerator[] }> {
  const work = workload({ monotonicOriginNs: String(process.hrtime.bigint()), ...changes });
  const unpacker = new BatchUnpacker();
  const batches: SampleBatch[] = [];
  const messages: FromGenerator[] = [];
  return new Promise((resolve) => {
    const way = [serviceUrl(work.service.url), work.traffic.tls, { ...NO_MATERIAL, ...options.tls }] as const;
    const sockets = { opener: (events: SocketEvents) => socketOpener(...way, events), openH2: h2SocketOpener(...way) };
    const host = threadHost(work.monotonicOriginNs, sockets, () => {});
    const { control = host.control, lookup = host.lookup } = options;
    const parts = { ...host, control, lookup };
    const generator = new Generator(work, parts, (message) => {
      messages.push(message);
      if (message.kind === 'batch') batches.push(unpacker.unpack(message.batch));
      if (message.kind === 'end') resolve({ rows: rowsOf(batches), scheduled: message.scheduled, messages });
    });
    options.running?.(generator);
    generator.start();
  });
}
