import type { SampleTable } from '../domain/sample.js';
import type { Instant } from '../domain/time.js';
import type { ClassColumns } from './classify.js';
import type { TargetLife } from './phases.js';

/** What one target's own responses said about it. */
export interface ServedFacts {
  /** Responses with an old version sent before the attach. */
  readonly servedOld: number;
  /** Successes with the new version, from a new process, sent after the attach was requested. */
  readonly servedNew: number;
  /** Responses with an old version sent after the attach was requested, if the deploy had completed. */
  readonly staleResponses: number;
  readonly oldBootId: string | null;
  readonly newBootId: string | null;
  /** Requests it was serving when the balancer acknowledged the detach. */
  readonly inFlightAtDetach: number;
}

export interface ServedInput {
  readonly table: SampleTable;
  readonly classes: ClassColumns;
  /** Rows the target answered and that count, in any order. */
  readonly rows: Uint32Array;
  readonly life: TargetLife;
  readonly version: string;
  readonly previousVersion: string | null;
}

/** What a target said of itself before its detach: that is what must be gone afterwards. */
function seenBefore(
  input: ServedInput,
  at: Instant,
): { versions: Set<string>; boots: Set<string>; last: string | null } {
  const versions = new Set<string>();
  const boots = new Set<string>();
  let last: string | null = null;
  let lastAt = Number.NEGATIVE_INFINITY;
  const { table } = input;
  for (const row of input.rows) {
    const sentAt = table.sentAt[row]!;
    if (!(sentAt < at)) continue;
    const version = table.version.values[table.version.codes[row]!] ?? null;
    const boot = table.bootId.values[table.bootId.codes[row]!] ?? null;
    if (version !== null) versions.add(version);
    if (boot === null) continue;
    boots.add(boot);
    if (sentAt >= lastAt) {
      last = boot;
      lastAt = sentAt;
    }
  }
  return { versions, boots, last };
}

/**
 * Counts a target's responses by version and process (verdict.md §6). Old is what it answered with before its detach
 * and the version the scenario calls the previous one, unless that is the new version too: then only a new process
 * tells the two apart.
 */
export function servedFacts(input: ServedInput): ServedFacts {
  const { table, classes, life } = input;
  const before = seenBefore(input, life.detachRequestedAt);
  // It ran that version already: then only another process shows that anything was replaced.
  const hadVersion = before.versions.has(input.version);
  const old = before.versions;
  if (input.previousVersion !== null) old.add(input.previousVersion);
  old.delete(input.version);
  const attachedAt = life.attachRequestedAt ?? Number.POSITIVE_INFINITY;
  let servedOld = 0;
  let servedNew = 0;
  let staleResponses = 0;
  let inFlightAtDetach = 0;
  let newBootId: string | null = null;
  let newBootAt = Number.NEGATIVE_INFINITY;
  for (const row of input.rows) {
    const sentAt = table.sentAt[row]!;
    if (sentAt <= life.detachRespondedAt && table.endedAt[row]! >= life.detachRespondedAt) inFlightAtDetach++;
    const version = table.version.values[table.version.codes[row]!] ?? null;
    const boot = table.bootId.values[table.bootId.codes[row]!] ?? null;
    const isOld = version !== null && old.has(version);
    if (sentAt < attachedAt) {
      servedOld += isOld ? 1 : 0;
      continue;
    }
    staleResponses += isOld && life.deployCompleted !== false ? 1 : 0;
    const isFresh = hadVersion
      ? boot !== null && before.boots.size > 0 && !before.boots.has(boot)
      : boot === null || !before.boots.has(boot);
    servedNew += classes.failed[row] !== 1 && version === input.version && isFresh ? 1 : 0;
    if (boot !== null && sentAt >= newBootAt) {
      newBootId = boot;
      newBootAt = sentAt;
    }
  }
  return { servedOld, servedNew, staleResponses, oldBootId: before.last, newBootId, inFlightAtDetach };
}
