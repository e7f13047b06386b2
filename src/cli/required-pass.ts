import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { PreflightFinding } from '../domain/event.js';
import type { RunResult } from '../domain/result.js';
import type { Requirement, Scenario } from '../domain/scenario.js';
import { formatDuration } from '../domain/time.js';
import { LAYOUT } from '../journal/run-directory.js';
import { ok, refused, warning } from '../pipeline/safety/finding.js';

/** Beside result.json of a run that ended in PASS: what another environment may rely on. */
export const PASS_FILE = 'pass.json';

/** The text of pass.json; null for any other verdict. Made of the facts alone, so that it can be made again. */
export function passRecord(result: RunResult, resultJson: string): string | null {
  if (result.verdict.kind !== 'PASS') return null;
  const { scenario, id, startedAtWall } = result.run;
  const record = {
    schemaVersion: 1,
    environment: scenario.environment,
    scenario: scenario.name,
    version: scenario.rollout.version,
    runId: id,
    startedAtWall,
    scenarioSha256: sha256(JSON.stringify(scenario)),
    resultSha256: sha256(resultJson),
  };
  return `${JSON.stringify(record, null, 2)}\n`;
}

export interface PassLookup {
  /** Where run directories go: the newest PASS that fits is looked for there. */
  readonly out: string;
  /** --pass; wins over the scenario's own. */
  readonly pass: string | null;
  /** --without-pass: somebody takes it upon himself. */
  readonly waived: boolean;
  readonly now: Date;
}

/** Whether what the scenario requires has passed: a finding of the preflight, so that it is journalled either way. */
export function requirementFindings(scenario: Scenario, lookup: PassLookup): PreflightFinding[] {
  const requires = scenario.requires ?? null;
  if (requires === null) return [];
  const { version } = scenario.rollout;
  const named = lookup.pass ?? requires.pass;
  const candidates = named === null ? passesBelow(lookup.out) : [passFile(named)];
  const objections: string[] = [];
  for (const file of candidates) {
    const against = objectionTo(file, requires, version, lookup.now);
    if (against === null)
      return [ok('requires', `${version} has passed on ${requires.environment}: ${dirname(dirname(file))}`)];
    objections.push(`${file}: ${against}`);
  }
  const where = named === null ? `below ${lookup.out}` : `at ${named}`;
  const why = named === null && objections.length !== 1 ? '' : ` (${objections[0]})`;
  const message = `no PASS of ${version} on ${requires.environment} ${where}, not older than ${formatDuration(requires.maxAgeMs)}${why}`;
  if (lookup.waived) return [warning('requires', `${message}; waived with --without-pass`, null)];
  return [
    refused(
      'requires',
      message,
      `run the ${requires.environment} scenario first, name its run with --pass, or take it upon you with --without-pass`,
    ),
  ];
}

/** Why this record does not count, or null. What it says is believed only of a result.json with the very hash. */
function objectionTo(file: string, requires: Requirement, version: string, now: Date): string | null {
  const record = jsonIn(file) as { readonly resultSha256?: unknown } | null;
  if (record === null) return 'it cannot be read';
  const text = textOf(join(dirname(file), 'result.json'));
  if (text === null) return 'there is no result.json beside it';
  if (sha256(text) !== record.resultSha256) return 'the result.json beside it is not the one it was made of (SHA-256)';
  const { run, verdict } = parsed(text) as Partial<RunResult>;
  if (verdict?.kind !== 'PASS') return `its verdict is ${verdict?.kind ?? 'missing'}`;
  if (run?.scenario?.environment !== requires.environment) return `it ran on ${run?.scenario?.environment}`;
  if (run.scenario.rollout?.version !== version) return `it is of version ${run.scenario.rollout?.version}`;
  const ageMs = now.getTime() - Date.parse(run.startedAtWall);
  if (!(ageMs <= requires.maxAgeMs)) return `it is ${formatDuration(ageMs)} old`;
  return ageMs < 0 ? 'it began in the future' : null;
}

/** Every record below the folder of run directories, newest first. */
function passesBelow(out: string): string[] {
  const found: string[] = [];
  for (const scenario of namesIn(out)) {
    for (const stamp of namesIn(join(out, scenario))) found.push(join(out, scenario, stamp, LAYOUT.derived, PASS_FILE));
  }
  const stamp = (file: string) => basename(dirname(dirname(file)));
  return found
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true)
    .sort((a, b) => stamp(b).localeCompare(stamp(a)));
}

function passFile(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return path;
  return join(path, LAYOUT.derived, PASS_FILE);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch (absent) {
    void absent;
    return [];
  }
}

function jsonIn(file: string): object | null {
  const text = textOf(file);
  return text === null ? null : parsed(text);
}

function parsed(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch (notJson) {
    void notJson;
    return {};
  }
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (absent) {
    void absent;
    return null;
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
