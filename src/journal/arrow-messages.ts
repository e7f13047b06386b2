import { fstatSync, readSync } from 'node:fs';
import { Message } from 'apache-arrow';
import { isSafeMetadata } from './message-guard.js';

/** Reads an Arrow IPC stream message by message and stops at the first byte that is not a whole one. */
export interface MessageSource extends Iterable<Uint8Array> {
  /** After iteration: true when the end marker was read and nothing followed it. */
  ended(): boolean;
}

/** Larger metadata than any we write; a length beyond it is garbage. */
const METADATA_MAX_BYTES = 1 << 24;

/**
 * Whole messages (prefix + metadata + body) of the file open at `fd`, each in its own aligned buffer.
 * A cut or garbled tail ends the iteration and is never an error.
 *
 *     FFFFFFFF | metadata length (i32) | flatbuffer | body        …        FFFFFFFF 00000000
 */
export function messagesOf(fd: number): MessageSource {
  const size = fstatSync(fd).size;
  let ended = false;
  return {
    *[Symbol.iterator]() {
      ended = false;
      for (let at = 0; ; ) {
        const prefix = exactly(fd, at, 8);
        if (prefix === null || prefix.readInt32LE(0) !== -1) return;
        const metadataBytes = prefix.readInt32LE(4);
        if (metadataBytes === 0) {
          ended = at + 8 === size;
          return;
        }
        const message = wholeMessage(fd, at, metadataBytes, size);
        if (message === null || isSecondSchema(message, at)) return;
        yield message.bytes;
        at += message.bytes.length;
      }
    },
    ended: () => ended,
  };
}

interface WholeMessage {
  readonly bytes: Uint8Array;
  readonly isSchema: boolean;
}

function wholeMessage(fd: number, at: number, metadataBytes: number, size: number): WholeMessage | null {
  if (metadataBytes < 0 || metadataBytes > METADATA_MAX_BYTES || at + 8 + metadataBytes > size) return null;
  const metadata = exactly(fd, at + 8, metadataBytes);
  const decoded = metadata === null ? null : decodedOrNull(metadata);
  if (decoded === null) return null;
  const total = 8 + metadataBytes + decoded.bodyLength;
  if (!Number.isSafeInteger(total) || decoded.bodyLength < 0 || at + total > size) return null;
  const bytes = exactly(fd, at, total);
  return bytes === null ? null : { bytes, isSchema: decoded.isSchema() };
}

/** A stream has one schema, first: another one is what two writers on one file look like. */
function isSecondSchema(message: WholeMessage, at: number): boolean {
  return message.isSchema !== (at === 0);
}

function decodedOrNull(metadata: Buffer): Message | null {
  if (!isSafeMetadata(metadata)) return null;
  try {
    return Message.decode(metadata);
  } catch (error) {
    // Flatbuffers throw whatever an out-of-range offset leads to; garbage is an end, not an error.
    void error;
    return null;
  }
}

/** `length` bytes from `at`, 8-byte aligned in memory; null when the file ends before. */
function exactly(fd: number, at: number, length: number): Buffer | null {
  const bytes = Buffer.from(new ArrayBuffer(length));
  for (let done = 0; done < length; ) {
    const got = readSync(fd, bytes, done, length - done, at + done);
    if (got === 0) return null;
    done += got;
  }
  return bytes;
}
