import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSampleWriter } from '../../dist/journal/sample-writer.js';
import { BatchUnpacker } from '../../dist/traffic/embedded/columns.js';
import { Recorder } from '../../dist/traffic/embedded/recorder.js';
import { Tally } from '../../dist/traffic/embedded/tally.js';

const ROWS = 2_000_000;

/**
 * What it costs to write a request down: CPU ns of the generator's thread (row, tally, batch) and of the main thread (unpacked,
 * encoded, to disk), and bytes on disk, over two million rows that look like real ones.
 */
export function recordingCost() {
  const dir = mkdtempSync(join(tmpdir(), 'rollproof-bench-'));
  const file = join(dir, 'rows.arrows');
  const writer = openSampleWriter(file, 'embedded');
  const unpacker = new BatchUnpacker();
  const batches = [];
  const recorder = new Recorder(new Tally([{ status: [[200, 399]], bodyContains: null }]), (batch) =>
    batches.push(batch),
  );
  const codes = ['a', 'b'].map((name) => recorder.dictionaries.target.codeOfText(name));
  let [threadUs, diskUs] = [0, 0];
  fill(recorder, codes, 0, 100_000);
  // Told of their words too, but not counted.
  for (const batch of batches.splice(0)) unpacker.unpack(batch);
  for (let from = 0; from < ROWS; from += 200_000) {
    threadUs += cpuOf(() => fill(recorder, codes, from, from + 200_000));
    diskUs += cpuOf(() => {
      for (const batch of batches.splice(0)) if (!writer.append(unpacker.unpack(batch))) throw writer.failed;
    });
  }
  writer.close();
  const bytes = statSync(file).size;
  rmSync(dir, { recursive: true });
  return { threadNs: (threadUs * 1000) / ROWS, diskNs: (diskUs * 1000) / ROWS, bytesPerRow: bytes / ROWS };
}

function fill(recorder, targets, from, to) {
  const { row } = recorder;
  for (let seq = from; seq < to; seq++) {
    row.seq = seq;
    row.lane = 1;
    row.scheduledAt = seq * 0.2 + 0.1;
    row.sentAt = row.scheduledAt + 0.4;
    row.firstByteAt = row.sentAt + 0.1 + (seq % 100) / 1000;
    row.endedAt = row.firstByteAt;
    row.status = 200;
    row.bodyBytes = 2;
    row.target = targets[seq % targets.length];
    row.connectionId = 1 + (seq % 16);
    row.connectionUse = 1 + Math.floor(seq / 16);
    recorder.commit();
  }
  recorder.flush();
}

function cpuOf(work) {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
