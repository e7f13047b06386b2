import type { SampleTable, TextColumn } from '../domain/sample.js';
import type { Instant } from '../domain/time.js';
import type { ClassColumns } from './classify.js';
import { attachBegunAt, detachedFrom } from './observed-calls.js';
import type { TargetLife } from './phases.js';

/** What one target's own responses said about it. */
export interface ServedFacts {
  /** Responses with an old version sent before the attach. */
  readonly servedOld: number;
  /** Successes with the new version, from a new process, sent after the attach was requested. */
  readonly servedNew: number;
  /** Responses with an old version sent after the attach was requested, if the deploy had completed. */
  readonly staleResponses: number;
  /** Responses of the old version or process sent when it may, or may not, have been attached already; absent = none. */
  readonly maybeStale?: number;
  readonly oldBootId: string | null;
  readonly newBootId: string | null;
  /** Requests it was serving when the balancer acknowledged the detach. */
  readonly inFlightAtDetach: number;
}

export interface ServedInput {
  readonly table: SampleTable;
  readonly classes: ClassColumns;
  /** Tells the rows the target answered and that count, in any order; `until` leaves out what was sent later. */
  readonly eachRow: (take: (row: number) => void, until?: Instant) => void;
  readonly life: TargetLife;
  readonly version: string;
  readonly previousVersion: string | null;
}

/** What a target said of itself before its detach, which is what must be gone afterwards, and what it was serving then. */
interface Before {
  readonly versions: Set<string>;
  readonly boots: Set<string>;
  readonly last: string | null;
  readonly inFlight: number;
}

function seenBefore(input: ServedInput): Before {
  const { version, bootId, sentAt, endedAt } = input.table;
  const at = input.life.detachRequestedAt;
  const until = input.life.detachRespondedAt;
  const inFlight = new InFlight(detachedFrom(input.life), until);
  const versions = new Uint8Array(version.values.length);
  const boots = new Uint8Array(bootId.values.length);
  let last = -1;
  let lastAt = Number.NEGATIVE_INFINITY;
  input.eachRow(
    (row) => {
      const sent = sentAt.at(row);
      inFlight.add(sent, endedAt.at(row));
      if (!(sent < at)) return;
      versions[version.codes.at(row)] = 1;
      const boot = bootId.codes.at(row);
      boots[boot] = 1;
      if (sent >= lastAt && bootId.values[boot] != null) {
        last = boot;
        lastAt = sent;
      }
    },
    Math.max(at, until),
  );
  return {
    versions: marked(version, versions),
    boots: marked(bootId, boots),
    last: bootId.values[last] ?? null,
    inFlight: inFlight.least(),
  };
}

/** What anybody answered with before `at`: a target that comes in must not bring any of it but the new version. */
function versionsBefore({ version, sentAt, length }: SampleTable, at: Instant): Set<string> {
  const seen = new Uint8Array(version.values.length);
  for (let row = 0; row < length; row++) if (sentAt.at(row) < at) seen[version.codes.at(row)] = 1;
  return marked(version, seen);
}

/** The values whose codes are marked. */
function marked(column: TextColumn, marks: Uint8Array): Set<string> {
  return new Set(column.values.filter((value, code): value is string => value !== null && marks[code] === 1));
}

/** 1 for every value of a column that meets a condition: a look-up by code costs a row less than one by text. */
function marksOf(column: TextColumn, isWanted: (value: string | null) => boolean): Uint8Array {
  return Uint8Array.from(column.values, (value) => (isWanted(value) ? 1 : 0));
}

/**
 * Counts a target's responses by version and process (verdict.md §6). Old is what it answered with before its detach
 * (a target that comes in: what anybody answered with before its attach) and the version the scenario calls the previous one, unless that is the new version too: then only a new process
 * tells the two apart.
 */
export function servedFacts(input: ServedInput): ServedFacts {
  const { table, classes, life } = input;
  const before = seenBefore(input);
  // It ran that version already: then only another process shows that anything was replaced.
  const hadVersion = before.versions.has(input.version);
  const old = life.joined === true ? versionsBefore(table, life.attachRequestedAt ?? 0) : before.versions;
  if (input.previousVersion !== null) old.add(input.previousVersion);
  old.delete(input.version);
  const isOld = marksOf(table.version, (version) => version !== null && old.has(version));
  const isNew = marksOf(table.version, (version) => version === input.version);
  const isFresh = marksOf(table.bootId, (boot) =>
    hadVersion
      ? boot !== null && before.boots.size > 0 && !before.boots.has(boot)
      : boot === null || !before.boots.has(boot),
  );
  const wasThere = marksOf(table.bootId, (boot) => boot !== null && before.boots.has(boot));
  const attachedAt = life.attachRequestedAt ?? Number.POSITIVE_INFINITY;
  const surelyAttachedAt = attachBegunAt(life) ?? Number.POSITIVE_INFINITY;
  let maybeStale = 0;
  let servedOld = 0;
  let servedNew = 0;
  let staleResponses = 0;
  let newBoot = -1;
  let newBootAt = Number.NEGATIVE_INFINITY;
  input.eachRow((row) => {
    const sentAt = table.sentAt.at(row);
    const version = table.version.codes.at(row);
    const boot = table.bootId.codes.at(row);
    if (sentAt < attachedAt) {
      servedOld += isOld[version]!;
      return;
    }
    if (sentAt < surelyAttachedAt) {
      maybeStale += isOld[version]! | wasThere[boot]!;
      return;
    }
    if (life.deployCompleted !== false) staleResponses += isOld[version]!;
    if (classes.failed[row] !== 1 && isNew[version] === 1) servedNew += isFresh[boot]!;
    if (sentAt >= newBootAt && table.bootId.values[boot] != null) {
      newBoot = boot;
      newBootAt = sentAt;
    }
  });
  return {
    servedOld,
    servedNew,
    staleResponses,
    oldBootId: before.last,
    newBootId: table.bootId.values[newBoot] ?? null,
    inFlightAtDetach: before.inFlight,
    ...(maybeStale > 0 ? { maybeStale } : {}),
  };
}

/** Requests a target was serving at a moment; where that is only known to lie in [from, to], at the emptiest one of it. */
class InFlight {
  private readonly changes: { at: Instant; by: number }[] = [];
  private count = 0;

  constructor(
    private readonly from: Instant,
    private readonly to: Instant,
  ) {}

  add(sentAt: Instant, endedAt: Instant): void {
    if (sentAt <= this.from && endedAt >= this.from) this.count++;
    if (sentAt > this.to) return;
    if (sentAt > this.from) this.changes.push({ at: sentAt, by: 1 });
    if (endedAt >= this.from && endedAt < this.to) this.changes.push({ at: endedAt, by: -1 });
  }

  least(): number {
    let [inFlight, least] = [this.count, this.count];
    for (const { by } of this.changes.sort((a, b) => a.at - b.at || b.by - a.by)) {
      inFlight += by;
      least = Math.min(least, inFlight);
    }
    return least;
  }
}
