import { ORIGINS } from '../domain/outage.js';
import { type ErrorGroup, FAILURES_KEPT, type FailureRow } from '../domain/result.js';
import { ERROR_PHASES, LANES, type TextColumn } from '../domain/sample.js';
import { classAt, type JudgedSamples } from './judged-samples.js';
import type { PhasedSamples } from './phase-rows.js';

/** The failures of the whole run one by one, up to FAILURES_KEPT; those in warm-up have no phase. */
export function failureRows(
  samples: JudgedSamples,
  phased: PhasedSamples,
  outageOf: ReadonlyMap<number, number>,
): { rows: readonly FailureRow[]; omitted: number } {
  const rows: FailureRow[] = [];
  let omitted = 0;
  for (let row = 0; row < samples.failed.length; row++) {
    if (samples.failed[row] === 0) continue;
    if (rows.length < FAILURES_KEPT)
      rows.push(failureRow(samples, row, phaseAt(samples, phased, row), outageOf.get(row) ?? null));
    else omitted++;
  }
  return { rows, omitted };
}

function failureRow(samples: JudgedSamples, row: number, phase: string | null, outage: number | null): FailureRow {
  const { table } = samples;
  return {
    source: textAt(table.source, row) ?? '',
    seq: table.seq.at(row),
    lane: LANES[table.lane.at(row)] ?? 'new',
    scheduledAt: table.scheduledAt[row]!,
    sentAt: instant(table.sentAt.at(row)),
    endedAt: instant(table.endedAt.at(row)),
    class: classAt(samples, row),
    origin: ORIGINS[samples.origin[row]!] ?? 'unknown',
    status: statusAt(samples, row),
    detail: detailAt(samples, row),
    errorPhase: ERROR_PHASES[table.errorPhase.at(row)] ?? 'none',
    target: textAt(table.target, row),
    version: textAt(table.version, row),
    remoteIp: textAt(table.remoteIp, row),
    phase,
    ...requestAt(samples, row),
    outage,
  };
}

/** Everything that was not a success, grouped by what, where and who; most first. */
export function errorGroups(samples: JudgedSamples, phased: PhasedSamples): readonly ErrorGroup[] {
  const groups = new Map<string, { -readonly [K in keyof ErrorGroup]: ErrorGroup[K] }>();
  const { table } = samples;
  // What is alike in every code is alike in its words: only the first of them is put into words.
  const alike = new Map<string, { -readonly [K in keyof ErrorGroup]: ErrorGroup[K] }>();
  for (let row = 0; row < table.length; row++) {
    const at = table.scheduledAt[row]!;
    if (samples.ok[row] === 1 || !Number.isFinite(at)) continue;
    const codes = codesAt(samples, phased, row);
    const same = alike.get(codes);
    if (same !== undefined) {
      same.count++;
      same.lastAt = Math.max(same.lastAt, at);
      continue;
    }
    const group = {
      class: classAt(samples, row),
      origin: ORIGINS[samples.origin[row]!] ?? 'unknown',
      status: statusAt(samples, row),
      detail: detailAt(samples, row),
      phase: phaseAt(samples, phased, row),
      target: textAt(table.target, row),
      lane: LANES[table.lane.at(row)] ?? 'new',
      ...requestAt(samples, row),
    };
    const key = JSON.stringify(group);
    const known = groups.get(key);
    const counted = known ?? { ...group, count: 0, firstAt: at, lastAt: at };
    counted.count++;
    counted.lastAt = Math.max(counted.lastAt, at);
    groups.set(key, counted);
    alike.set(codes, counted);
  }
  return [...groups.values()].sort((a, b) => b.count - a.count || a.firstAt - b.firstAt);
}

/** Everything a group is made by, as numbers. */
function codesAt(samples: JudgedSamples, phased: PhasedSamples, row: number): string {
  const { table, inWindow, inBaseline } = samples;
  const phase = inWindow[row] === 0 && inBaseline[row] === 0 ? -1 : phased.phase[row]!;
  const what = `${samples.class[row]} ${samples.origin[row]} ${table.status.at(row)} ${table.lane.at(row)} ${phase}`;
  const which = table.request?.codes.at(row) ?? 0;
  return `${what} ${table.error.codes.at(row)} ${table.statusText.codes.at(row)} ${table.target.codes.at(row)} ${which}`;
}

function requestAt({ table }: JudgedSamples, row: number): { readonly request?: string } {
  const request = table.request === undefined ? null : textAt(table.request, row);
  return request === null ? {} : { request };
}

/** Phases are for what counts: warm-up and what came after the window have none. */
function phaseAt(samples: JudgedSamples, phased: PhasedSamples, row: number): string | null {
  if (samples.inWindow[row] === 0 && samples.inBaseline[row] === 0) return null;
  return phased.phases[phased.phase[row]!]?.id ?? null;
}

function textAt(column: TextColumn, row: number): string | null {
  return column.values[column.codes.at(row)] ?? null;
}

function detailAt(samples: JudgedSamples, row: number): string {
  return textAt(samples.table.error, row) ?? textAt(samples.table.statusText, row) ?? '';
}

function statusAt(samples: JudgedSamples, row: number): number | null {
  const status = samples.table.status.at(row);
  return status === 0 ? null : status;
}

function instant(at: number): number | null {
  return Number.isFinite(at) ? at : null;
}
