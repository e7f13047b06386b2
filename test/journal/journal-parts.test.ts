import { appendFileSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { ClockOrigin, RunEvent, RunHeader } from '../../src/domain/event.js';
import { openPart } from '../../src/journal/event-part.js';
import { openEventWriter } from '../../src/journal/event-writer.js';
import { mergedByTime, readJournal } from '../../src/journal/journal-reader.js';
import { createRunDirectory, runPaths } from '../../src/journal/run-directory.js';
import { testScenario } from '../support/scenario.js';

const root = mkdtempSync(join(tmpdir(), 'rollproof-parts-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const HERE: ClockOrigin = { host: 'here', bootId: 'boot-1' };
const said = (at: number, message: string): RunEvent => ({ kind: 'warning', at, message });
const ended = (parts?: { name: string; lines: number }[]): RunEvent => ({
  kind: 'run-ended',
  at: 99,
  deploy: 'complete',
  stillDetached: [],
  error: null,
  ...(parts === undefined ? {} : { parts }),
});

function begun(): string {
  const dir = createRunDirectory(root, 'run', new Date(0));
  const header: RunHeader = {
    kind: 'header',
    schemaVersion: 1,
    toolVersion: '0',
    runId: 'run-1',
    startedAtWall: new Date(0).toISOString(),
    monotonicOriginNs: '5',
    scenario: testScenario(),
    scenarioFile: null,
    command: [],
    gitRevision: null,
    tools: {},
    steps: { stages: ['a'], origin: HERE },
  };
  const writer = openEventWriter(runPaths(dir).events);
  writer.append(header);
  writer.append(said(1, 'first'));
  writer.close();
  return dir;
}

function part(dir: string, work: string, events: readonly RunEvent[], origin = HERE, runId = 'run-1'): void {
  const writer = openPart(dir, {
    kind: 'part',
    runId,
    work,
    monotonicOriginNs: '5',
    origin,
    startedAtWall: new Date(0).toISOString(),
  });
  for (const event of events) writer.append(event);
  writer.close();
}
const messages = (dir: string) => readJournal(dir).events.flatMap((e) => (e.kind === 'warning' ? [e.message] : []));

describe('a journal in parts', () => {
  it('is one journal in the order of time, whoever wrote it; each process has a file of its own', () => {
    const dir = begun();
    part(dir, 'traffic', [said(2, 't2'), said(8, 't8')]);
    part(dir, 'stage ../../a', [said(5, 's5'), said(3, 'speaks of 3'), said(6, 's6')]);
    expect(messages(dir)).toEqual(['first', 't2', 's5', 'speaks of 3', 's6', 't8']);
    expect(readdirSync(runPaths(dir).parts)).toEqual(['0001-traffic.ndjson', '0002-stage-..-..-a.ndjson']);
    const { parts, partProblems, eventsComplete } = readJournal(dir);
    expect({ partProblems, eventsComplete }).toEqual({ partProblems: [], eventsComplete: true });
    part(dir, 'verify', [ended([...parts])]);
    expect(readJournal(dir).partProblems).toEqual([]);
  });

  it('tells of every part that is gone, shorter, empty, cut, of another run or of another clock', () => {
    const make = () => {
      const dir = begun();
      part(dir, 'stage a', [said(2, 'x'), said(3, 'y')]);
      part(dir, 'verify', [ended([...readJournal(dir).parts])]);
      return { dir, file: join(runPaths(dir).parts, '0001-stage-a.ndjson') };
    };
    const problems = (change: (file: string, dir: string) => void) => {
      const { dir, file } = make();
      change(file, dir);
      const { partProblems, eventsComplete } = readJournal(dir);
      return [...partProblems, ...(eventsComplete ? [] : ['cut'])].join('; ');
    };
    expect(problems(() => undefined)).toBe('');
    expect(problems((file) => rmSync(file))).toMatch(/0001-stage-a.ndjson of the journal is missing/);
    expect(problems((file) => truncateSync(file, 0))).toMatch(/is empty/);
    expect(problems((file) => writeFileSync(file, '{"kind":"warning","at":1,"message":"m"}\n'))).toMatch(
      /does not say who/,
    );
    expect(problems((file) => appendFileSync(file, '{"kind":"warn'))).toBe('cut');
    expect(problems((_, dir) => truncateSync(join(dir, 'events.ndjson'), readHeaderEnd(dir)))).toMatch(
      /holds 1 of 2 lines/,
    );
    expect(problems((_, dir) => part(dir, 'late', [], { ...HERE, bootId: 'boot-2' }))).toMatch(/after a restart/);
    expect(problems((_, dir) => part(dir, 'late', [], { ...HERE, host: 'there' }))).toMatch(/another host/);
    expect(problems((_, dir) => part(dir, 'late', [], HERE, 'run-2'))).toMatch(/another run/);
    expect(problems((_, dir) => part(dir, 'verify', [ended()]))).toMatch(/does not list/);
  });

  it('never changes the order within a file, and loses nothing (any times)', () => {
    const lists = fc.array(fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { maxLength: 8 }), { maxLength: 4 });
    fc.assert(
      fc.property(lists, (given) => {
        const merged = mergedByTime(given.map((times, i) => times.map((at, k) => said(at, `${i} ${k}`))));
        expect(merged.length).toBe(given.flat().length);
        for (const [i, times] of given.entries()) {
          const own = merged.flatMap((e) => (e.kind === 'warning' && e.message.startsWith(`${i} `) ? [e.message] : []));
          expect(own).toEqual(times.map((_, k) => `${i} ${k}`));
        }
      }),
    );
  });
});

function readHeaderEnd(dir: string): number {
  return JSON.stringify(readJournal(dir).header).length + 1;
}
