/**
 * Entry file of the generator's thread: started by `embeddedEngine` with GeneratorOrders as worker data, never
 * imported. Owns nothing but the wiring; the thread ends by itself after its `end` message.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { Generator } from './generator.js';
import type { FromGenerator, GeneratorOrders, ToGenerator } from './messages.js';
import { serviceUrl } from './request.js';
import { h2SocketOpener, type SocketEvents, socketOpener } from './sockets.js';
import { threadHost } from './thread-host.js';

const port = parentPort;
if (port === null) throw new Error('worker.js runs as a worker thread only');
const orders = workerData as GeneratorOrders;
const { workload } = orders;
const scheduled = new Uint32Array(orders.scheduled);

function send(message: FromGenerator): void {
  port!.postMessage(message, message.kind === 'batch' ? [message.batch.buffer] : []);
  if (message.kind === 'end') port!.close();
}

const way = [serviceUrl(workload.service.url), workload.traffic.tls, orders.tls] as const;
const sockets = { opener: (events: SocketEvents) => socketOpener(...way, events), openH2: h2SocketOpener(...way) };
const host = threadHost(workload.monotonicOriginNs, sockets, (arrivals) => Atomics.store(scheduled, 0, arrivals));
const generator = new Generator(workload, host, send);

process.once('uncaughtException', (error) => {
  generator.flush();
  send({ kind: 'broken', message: error.stack ?? error.message });
  process.exit(1);
});
port.on('message', (message: ToGenerator) => {
  if (message.kind === 'stop') generator.stop(message.at ?? undefined);
});
generator.start();
