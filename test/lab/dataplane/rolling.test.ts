import { afterEach, expect, test } from 'vitest';
import { RequestAudit } from '../../../src/lab/app/request-audit.js';
import { seededRandom } from '../../../src/lab/app/seeded-random.js';
import { closeAll, ok, openClient, type RawClient, startBackend, startNode, until } from './support.js';

afterEach(closeAll);

const SEED = 20_260_102;
const DRAIN = { enabled: true, timeoutMs: 5_000 };

/** Clients that ask one request after the other, each on its own connection, until stopped; every answer is kept. */
function startLoad(port: number, clients: number) {
  const statuses = new Map<string, number>();
  let stopped = false;
  let seq = 0;
  const one = async (client: RawClient): Promise<void> => {
    let from = 0;
    while (!stopped) {
      client.send(`GET / HTTP/1.1\r\nHost: a\r\nX-Rollproof-Seq: ${seq++}\r\n\r\n`);
      const text = await client.sees('an answer', (seen) => client.closed || seen.indexOf('\r\n\r\n', from) >= 0);
      const status = text.slice(from, from + 12) || 'closed';
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (client.closed) return;
      await client.sees('its body', (seen) => !status.endsWith('200') || seen.endsWith('ok\n'));
      from = client.text().length;
    }
  };
  const done = Promise.all(Array.from({ length: clients }, () => one(openClient(port))));
  return {
    statuses,
    sent: () => seq,
    async stop() {
      stopped = true;
      await done;
    },
  };
}

/** An application of random latency that notes the sequence numbers it sees. */
function startApp(audit: RequestAudit, random: () => number) {
  return startBackend((socket, _soFar, chunk) => {
    const seq = /X-Rollproof-Seq: (\d+)/.exec(chunk.toString('latin1'))?.[1];
    audit.record('run', seq);
    setTimeout(() => socket.writable && socket.write(ok()), random() * 8);
  });
}

test(`a rolling deploy with draining loses no request and repeats none (seed ${SEED})`, async () => {
  const audit = new RequestAudit();
  const random = seededRandom(SEED);
  const apps = [await startApp(audit, random), await startApp(audit, random)];
  const node = await startNode({ preopen: 1 });
  await node.addHealthy('i-0', apps[0]!.port);
  await node.addHealthy('i-1', apps[1]!.port);
  const load = startLoad(node.view.port, 16);
  for (let round = 0; round < 6; round++) {
    const id = `i-${round % 2}`;
    const before = load.sent();
    await until('traffic flows', () => load.sent() > before + 40);
    await node.view.remove(id, DRAIN);
    await apps[round % 2]!.close();
    const between = load.sent();
    await until('traffic flows on the other one', () => load.sent() > between + 40);
    apps[round % 2] = await startApp(audit, random);
    await node.addHealthy(id, apps[round % 2]!.port);
  }
  await load.stop();
  expect([...load.statuses]).toEqual([['HTTP/1.1 200', load.sent()]]);
  expect(audit.runs().run).toEqual({ count: load.sent(), distinct: load.sent(), duplicates: 0, untracked: 0 });
}, 20_000);

test(`an application killed under load costs the requests in its hands, each a 504, and none is sent twice (seed ${SEED})`, async () => {
  const audit = new RequestAudit();
  const random = seededRandom(SEED);
  const apps = [await startApp(audit, random), await startApp(audit, random)];
  const node = await startNode();
  await node.addHealthy('i-0', apps[0]!.port);
  await node.addHealthy('i-1', apps[1]!.port);
  const load = startLoad(node.view.port, 16);
  await until('traffic flows', () => load.sent() > 100 && node.view.inFlight('i-0') > 0);
  const inHand = node.view.inFlight('i-0');
  await apps[0]!.close();
  const after = load.sent();
  await until('traffic flows on the other one', () => load.sent() > after + 200);
  await load.stop();
  const failed = load.statuses.get('HTTP/1.1 504') ?? 0;
  expect(failed).toBeGreaterThanOrEqual(1);
  // What was in its hands when it died, and what was on the wire to it just then.
  expect(failed).toBeLessThanOrEqual(inHand + 16);
  expect((load.statuses.get('HTTP/1.1 200') ?? 0) + failed).toBe(load.sent());
  expect(audit.runs().run?.duplicates).toBe(0);
}, 20_000);
