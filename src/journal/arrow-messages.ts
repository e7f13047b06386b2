import { fstatSync, readSync } from 'node:fs';
import { FlatBuffer } from './flat-buffer.js';
import { isSafeMetadata } from './message-guard.js';

/** One message of a stream. Its bytes are overwritten when the next one is asked for. */
export interface ArrowMessage {
  /** One of HEADER. */
  readonly type: number;
  readonly flat: FlatBuffer;
  /** Where its header stands in `flat`. */
  readonly header: number;
  readonly metadata: Buffer;
  /** Begins on a multiple of eight in its memory. */
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Reads an Arrow IPC stream message by message and stops at the first byte that is not a whole one. */
export interface MessageSource extends Iterable<ArrowMessage> {
  /** After iteration: true when the end marker was read and nothing followed it. */
  ended(): boolean;
}

/** Larger metadata than any we write; a length beyond it is garbage. */
const METADATA_MAX_BYTES = 1 << 24;
const PREFIX_BYTES = 8;

/**
 * Whole messages of the file open at `fd`. A cut or garbled tail ends the iteration and is never an error. All are read
 * into the same memory: a buffer for each is let go of late, and half a gigabyte of them would stand beside the samples.
 *
 *     FFFFFFFF | metadata length (i32) | flatbuffer | body        …        FFFFFFFF 00000000
 */
export function messagesOf(fd: number): MessageSource {
  const size = fstatSync(fd).size;
  const memory = { prefix: new Room(), metadata: new Room(), body: new Room() };
  let ended = false;
  return {
    *[Symbol.iterator]() {
      ended = false;
      for (let at = 0; ; ) {
        const prefix = memory.prefix.filled(fd, at, PREFIX_BYTES, size);
        if (prefix === null || prefix.readInt32LE(0) !== -1) return;
        const metadataBytes = prefix.readInt32LE(4);
        if (metadataBytes === 0) {
          ended = at + PREFIX_BYTES === size;
          return;
        }
        if (metadataBytes < 0 || metadataBytes > METADATA_MAX_BYTES) return;
        const metadata = memory.metadata.filled(fd, at + PREFIX_BYTES, metadataBytes, size);
        const head = metadata === null ? null : headOf(metadata);
        if (head === null) return;
        const bodyAt = at + PREFIX_BYTES + metadataBytes;
        const body = memory.body.filled(fd, bodyAt, head.bodyBytes, size);
        if (body === null) return;
        yield { ...head.message, body };
        at = bodyAt + head.bodyBytes;
      }
    },
    ended: () => ended,
  };
}

function headOf(metadata: Buffer): { message: Omit<ArrowMessage, 'body'>; bodyBytes: number } | null {
  if (!isSafeMetadata(metadata)) return null;
  try {
    const flat = new FlatBuffer(metadata);
    const root = flat.root();
    const bodyBytes = flat.long(root, 3);
    const header = flat.child(root, 2);
    if (header === null || !(bodyBytes >= 0)) return null;
    return { message: { type: flat.byte(root, 1), flat, header, metadata }, bodyBytes };
  } catch (error) {
    // An offset outside the buffer: garbage is an end, not an error.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Memory that is read into again and again. */
class Room {
  private memory = new ArrayBuffer(1 << 12);

  /** `length` bytes from `at`; null when the file ends before. */
  filled(fd: number, at: number, length: number, size: number): Buffer<ArrayBuffer> | null {
    if (at + length > size) return null;
    if (length > this.memory.byteLength) this.memory = new ArrayBuffer(2 * length);
    const bytes = Buffer.from(this.memory, 0, length);
    for (let done = 0; done < length; ) {
      const got = readSync(fd, bytes, done, length - done, at + done);
      if (got === 0) return null;
      done += got;
    }
    return bytes;
  }
}
