import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';

/**
 * A file that only grows, in whole pieces: a piece is on disk in full or, after an error, not at all where the
 * file system lets us take the half back. Writes are synchronous, so a crash of this process loses nothing appended.
 */
export interface AppendFile {
  /** Throws what the file system throws (ENOSPC, EIO, …). */
  append(piece: Uint8Array): void;
  sync(): void;
  close(): void;
}

/** Opens with O_APPEND, creating the file when absent (`ax`: only then); throws what the file system throws. */
export function openAppendFile(file: string, flags: 'a' | 'ax' = 'a'): AppendFile {
  const fd = openSync(file, flags);
  let size = fstatSync(fd).size;
  let broken = false;
  return {
    append(piece) {
      if (broken) throw new Error('an earlier write failed and its half could not be taken back');
      try {
        for (let done = 0; done < piece.length; ) done += writeSync(fd, piece, done);
        size += piece.length;
      } catch (error) {
        broken = !truncated(fd, size);
        throw error;
      }
    },
    sync: () => fsyncSync(fd),
    close: () => closeSync(fd),
  };
}

/** Devices and pipes cannot be truncated; then nothing may be appended behind the half piece. */
function truncated(fd: number, size: number): boolean {
  try {
    ftruncateSync(fd, size);
    return true;
  } catch (error) {
    void error;
    return false;
  }
}
