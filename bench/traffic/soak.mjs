import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSampleWriter } from '../../dist/journal/sample-writer.js';
import { BatchUnpacker } from '../../dist/traffic/embedded/columns.js';
import { ownLoop } from './own-loop.mjs';

/** Rows on one stream before a new one is begun: the disk need not hold an hour. */
const ROWS_A_FILE = 1_000_000;

/**
 * An hour's count of samples (7,200,000 = 2,000/s), as fast as they come: real requests of our own client, every row packed, unpacked
 * and written to disk. Tells the memory after every tenth, and what it grew by per million between the second and the last
 * look (the first is start-up): flat, or a leak.
 */
export async function soak(port, samples, connections, tell) {
  const dir = mkdtempSync(join(tmpdir(), 'rollproof-soak-'));
  const unpacker = new BatchUnpacker();
  let [rows, inFile, files] = [0, 0, 0];
  let writer = null;
  const next = () => {
    writer?.close();
    rmSync(join(dir, `${files - 1}.arrows`), { force: true });
    writer = openSampleWriter(join(dir, `${files++}.arrows`), 'embedded');
    inFile = 0;
  };
  next();
  const end = ownLoop({
    port,
    connections,
    onBatch(batch) {
      if (inFile >= ROWS_A_FILE) next();
      if (!writer.append(unpacker.unpack(batch))) throw writer.failed;
      rows += batch.length;
      inFile += batch.length;
    },
  });
  const looks = [];
  while (rows < samples) {
    while (rows < (samples / 10) * (looks.length + 1)) await sleep(20);
    const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
    const mb = (bytes) => bytes / 1e6;
    looks.push({ rows, rssMb: mb(rss), heapMb: mb(heapUsed), externalMb: mb(external + arrayBuffers) });
    tell(looks.at(-1));
  }
  end();
  // What is still in flight comes back to closed doors otherwise.
  await sleep(100);
  writer.close();
  rmSync(dir, { recursive: true });
  const [from, to] = [looks[1], looks.at(-1)];
  const millions = (to.rows - from.rows) / 1e6;
  return {
    looks,
    rssPerMillionMb: (to.rssMb - from.rssMb) / millions,
    heapPerMillionMb: (to.heapMb - from.heapMb) / millions,
  };
}
