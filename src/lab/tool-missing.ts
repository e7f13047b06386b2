import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve, sep } from 'node:path';

/** A program the lab was asked to use is not installed; `hint` says what to do about it. */
export class ToolMissing extends Error {
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.name = 'ToolMissing';
    this.hint = hint;
  }
}

/** Places that a user's PATH often lacks although servers are installed there (Debian). */
const SERVER_PLACES = ['/usr/sbin', '/usr/local/sbin'];

/** The absolute path of a program on the PATH or where servers are, or of the one named by its path; null = none. */
export function programOnPath(name: string, path: string): string | null {
  if (name.includes(sep)) return isProgram(name) ? resolve(name) : null;
  // A relative entry would mean whatever folder the lab happens to run in.
  const places = [...path.split(delimiter).filter(isAbsolute), ...SERVER_PLACES];
  return places.map((place) => join(place, name)).find(isProgram) ?? null;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch (absent) {
    void absent;
    return false;
  }
}
