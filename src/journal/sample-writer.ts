import { AsyncByteQueue, RecordBatchStreamWriter, type Schema } from 'apache-arrow';
import type { SampleSink } from '../domain/ports.js';
import { openAppendFile } from './append-file.js';
import { diskError, onDisk } from './run-directory.js';
import { BatchEncoder } from './sample-batch.js';
import { sampleSchema } from './sample-schema.js';

/** The append-only Arrow IPC stream of one traffic source. */
export interface SampleWriter extends SampleSink {
  /** Writes the end marker (unless a write failed before) and syncs; a second call does nothing. */
  close(): void;
  /** The first error; from then on `append` returns false and the stream stays as it was, without an end marker. */
  readonly failed: Error | null;
  /** Rows on disk. */
  readonly rows: number;
}

/**
 * Opens a new stream at `file`; the schema message is on disk when this returns. Throws DISK_WRITE_FAILED.
 * `hasRequests`: the rows say which of several requests each was. Each `append` writes one record batch in one go, so a crash loses at most the batch being written.
 */
export function openSampleWriter(file: string, source: string, hasRequests = false): SampleWriter {
  const schema = sampleSchema(source, hasRequests);
  const out = onDisk(`cannot open ${file}`, () => openAppendFile(file));
  const queue = new PieceQueue();
  const arrow = openArrow(queue, schema);
  const encoder = new BatchEncoder(schema);
  onDisk(`cannot write to ${file}`, () => out.append(queue.take()));
  let failed: Error | null = null;
  let rows = 0;
  let open = true;
  return {
    append(batch) {
      if (failed !== null || !open) return false;
      if (batch.length === 0) return true;
      try {
        arrow.write(encoder.encode(batch));
        out.append(queue.take());
        rows += batch.length;
        return true;
      } catch (cause) {
        failed = diskError(`cannot write to ${file}`, cause);
        return false;
      }
    },
    close() {
      if (!open) return;
      open = false;
      try {
        if (failed === null) {
          arrow.close();
          out.append(queue.take());
        }
        out.sync();
      } catch (cause) {
        failed ??= diskError(`cannot finish ${file}`, cause);
      } finally {
        out.close();
      }
    },
    get failed() {
      return failed;
    },
    get rows() {
      return rows;
    },
  };
}

function openArrow(queue: PieceQueue, schema: Schema): RecordBatchStreamWriter {
  const arrow = new RecordBatchStreamWriter({ autoDestroy: true });
  arrow.reset(queue, schema);
  return arrow;
}

/** Catches what the Arrow writer emits, synchronously, so that one message goes to the file in one write. */
class PieceQueue extends AsyncByteQueue {
  private pieces: Uint8Array[] = [];
  override write(piece: Uint8Array): void {
    this.pieces.push(new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength));
  }
  take(): Uint8Array {
    const taken = Buffer.concat(this.pieces);
    this.pieces = [];
    return taken;
  }
}
