import { mkdirSync, readFileSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { RollproofError } from '../domain/errors.js';

/** Names inside a run directory; everything under `derived` can be deleted and made again. */
export const LAYOUT = {
  events: 'events.ndjson',
  parts: 'events',
  samples: 'samples',
  derived: 'derived',
  sampleSuffix: '.arrows',
} as const;

/** Name of the pointer to the newest run, beside the scenario folders. */
export const LATEST = 'latest';

/** Where the parts of the run directory `dir` are. */
export interface RunPaths {
  readonly dir: string;
  readonly events: string;
  /** Folder of the journal's parts, of a run in several processes. */
  readonly parts: string;
  readonly samples: string;
  readonly derived: string;
}

export function runPaths(dir: string): RunPaths {
  return {
    dir,
    events: join(dir, LAYOUT.events),
    parts: join(dir, LAYOUT.parts),
    samples: join(dir, LAYOUT.samples),
    derived: join(dir, LAYOUT.derived),
  };
}

/** The stream file of one traffic source; the source's name is made safe as a file name. */
export function sampleFile(dir: string, source: string): string {
  return join(dir, LAYOUT.samples, `${safeName(source)}${LAYOUT.sampleSuffix}`);
}

/**
 * Makes `root/<scenario>/<UTC stamp>/` with `samples/` and `derived/`, and returns its path.
 * Two runs in one second get `-2`, `-3`, …; mkdir decides, so two processes never share a directory.
 */
export function createRunDirectory(root: string, scenarioName: string, startedAt: Date): string {
  const parent = join(root, safeName(scenarioName));
  const stamp = utcStamp(startedAt);
  return onDisk(`cannot make a run directory under ${parent}`, () => {
    mkdirSync(parent, { recursive: true });
    for (let copy = 1; ; copy++) {
      const dir = join(parent, copy === 1 ? stamp : `${stamp}-${copy}`);
      if (!madeDirectory(dir)) continue;
      mkdirSync(join(dir, LAYOUT.samples));
      mkdirSync(join(dir, LAYOUT.derived));
      return dir;
    }
  });
}

/**
 * Points `root/latest` at `dir`: a relative symbolic link, or a text file holding the path where links are impossible.
 * A convenience, so it never fails a run: returns why it could not, or null.
 */
export function pointLatest(root: string, dir: string): string | null {
  const latest = join(root, LATEST);
  const target = relative(resolve(root), resolve(dir));
  const temporary = join(root, `.${LATEST}-${target.split(sep).join('-')}`);
  try {
    rmSync(temporary, { force: true });
    symlinkSync(target, temporary, 'dir');
    renameSync(temporary, latest);
    return null;
  } catch (linkError) {
    try {
      rmSync(latest, { force: true });
      writeFileSync(latest, `${target}\n`);
      return null;
    } catch (fileError) {
      return `cannot update ${latest}: ${reason(linkError)}; ${reason(fileError)}`;
    }
  }
}

/** The run directory `root/latest` points at, or null when there is none. */
export function latestRun(root: string): string | null {
  const latest = join(root, LATEST);
  for (const read of [() => readlinkSync(latest), () => readFileSync(latest, 'utf8').trim()]) {
    try {
      return resolve(root, read());
    } catch (error) {
      // Not a link, not a file, or absent: the next way of reading decides.
      void error;
    }
  }
  return null;
}

/** Deletes `derived/` of a run directory, facts untouched. */
export function removeDerived(dir: string): void {
  const derived = join(dir, LAYOUT.derived);
  onDisk(`cannot delete ${derived}`, () => rmSync(derived, { recursive: true, force: true }));
}

/** A scenario or source name as one path segment: no separators, no leading dot, not `latest`, at most 80 characters. */
export function safeName(name: string): string {
  const safe = name
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[.-]+|[.-]+$/g, '')
    .slice(0, 80);
  if (safe === '') return 'run';
  return safe.toLowerCase() === LATEST ? `${safe}-run` : safe;
}

/** `20261122T081503Z`. */
export function utcStamp(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}

/** Runs a file-system action; whatever it throws becomes DISK_WRITE_FAILED with the cause kept. */
export function onDisk<T>(what: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    if (cause instanceof RollproofError) throw cause;
    throw diskError(what, cause);
  }
}

export function diskError(what: string, cause: unknown): RollproofError {
  const hint = `Check free space and permissions of ${dirname(pathOf(cause) ?? '.')}, or give another directory with --out.`;
  return new RollproofError('DISK_WRITE_FAILED', `${what}: ${reason(cause)}`, { hint, cause });
}

function madeDirectory(dir: string): boolean {
  try {
    mkdirSync(dir);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}
function pathOf(error: unknown): string | null {
  return error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : null;
}
function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
