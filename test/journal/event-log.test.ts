import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunEvent, RunHeader } from '../../src/domain/event.js';
import { readEvents } from '../../src/journal/event-reader.js';
import { openEventWriter } from '../../src/journal/event-writer.js';
import { readFacts } from '../../src/journal/facts.js';
import { upgradesFrom } from '../../src/journal/upgrades.js';
import { failResult } from '../report/fixture-results.js';

const header: RunHeader = {
  kind: 'header',
  schemaVersion: 1,
  toolVersion: '0.1.0',
  runId: 'r1',
  startedAtWall: '2026-11-22T08:15:03.000Z',
  monotonicOriginNs: '123456789',
  scenario: failResult().run.scenario,
  scenarioFile: null,
  command: ['run'],
  gitRevision: null,
  tools: {},
};
const detach = { kind: 'detach', target: 's-1' } as const;
const EVENTS: readonly RunEvent[] = [
  { kind: 'traffic-started', at: 0, source: 'embedded', warmUpEndsAt: 1000 },
  { kind: 'preflight', at: 1, findings: [{ id: 'a', level: 'ok', message: 'm', hint: null }], forced: false },
  { kind: 'stage-started', at: 2, stage: 'one' },
  { kind: 'step-intent', at: 3.5, stage: 'one', index: 0, step: detach },
  { kind: 'balancer-call', at: 9, operation: 'detach', target: 's-1', requestedAt: 4, respondedAt: 8, error: null },
  { kind: 'step-done', at: 10, stage: 'one', index: 0, step: detach },
  {
    kind: 'step-failed',
    at: 11,
    stage: 'one',
    index: 1,
    step: { kind: 'sleep', ms: 5, why: 'after-detach', target: 's-1' },
    error: 'x\n\u001b[31m',
  },
  {
    kind: 'target-observed',
    at: 12,
    askedAt: 11,
    health: { target: 's-1', state: 'draining', registered: false, reasonCode: '', description: '</script>' },
  },
  { kind: 'app-observed', at: 13, target: 's-1', what: 'down', via: 'probe' },
  {
    kind: 'deploy-ended',
    at: 14,
    target: 's-1',
    command: ['x'],
    startedAt: 12,
    exitCode: null,
    outputTail: '\u2028é',
    error: null,
  },
  {
    kind: 'generator-health',
    at: 15,
    source: 'e',
    eventLoopDelayMaxMs: 1,
    sent: 1,
    ended: 1,
    dropped: 0,
    inFlight: 0,
    cpuMs: 1,
    limits: { ports: { inUse: 1, limit: 2 }, files: null },
  },
  { kind: 'stall', at: 16, source: 'e', from: 1, to: 2 },
  { kind: 'control-probe', at: 17, source: 'e', sent: 1, failed: 0 },
  { kind: 'recovery', at: 18, target: 's-1', ok: true, message: '' },
  { kind: 'interrupted', at: 19, signal: 'SIGTERM' },
  { kind: 'warning', at: 20, message: 'w' },
  { kind: 'stage-ended', at: 21, stage: 'one', ok: true },
  { kind: 'traffic-stopped', at: 22, source: 'embedded', scheduled: 4, error: null },
  { kind: 'run-ended', at: 23, deploy: 'complete', stillDetached: [], error: null },
];

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'journal-'));
  file = join(dir, 'events.ndjson');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function write(events: readonly (RunHeader | RunEvent)[]): Buffer {
  const writer = openEventWriter(file);
  for (const event of events) writer.append(event);
  writer.close();
  writer.close();
  return readFileSync(file);
}
const invalid = (message: RegExp) =>
  expect.objectContaining({ code: 'RUN_DIRECTORY_INVALID', message: expect.stringMatching(message) });

describe('events.ndjson', () => {
  test('every kind comes back as it was written, one line each, readable before close', () => {
    const writer = openEventWriter(file);
    for (const event of [header, ...EVENTS]) writer.append(event);
    expect(readFileSync(file, 'utf8').split('\n').length).toBe(EVENTS.length + 2);
    expect(readEvents(file)).toEqual({ header, events: EVENTS, eventsComplete: true });
    expect(readFacts(dir)).toMatchObject({ header, eventsComplete: true, samples: { length: 0 }, streams: [] });
    writer.close();
  });

  test('cut at every byte: an error without a header, else a prefix of the events and an honest flag', () => {
    const whole = write([header, ...EVENTS]);
    const headerEnd = whole.indexOf(10);
    for (let length = 0; length < whole.length; length += length < headerEnd - 2 ? 37 : 1) {
      writeFileSync(file, whole.subarray(0, length));
      if (length < headerEnd) {
        expect(() => readEvents(file)).toThrow(invalid(/no header line/));
        continue;
      }
      const { events, eventsComplete } = readEvents(file);
      expect(events).toEqual(EVENTS.slice(0, events.length));
      const inLine = whole[length - 1] !== 10 && whole[length] !== 10;
      expect(eventsComplete, `cut at ${length}`).toBe(!inLine);
    }
  });

  test('random garbage at the end is a cut', () => {
    const whole = write([header, ...EVENTS.slice(0, 3)]);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), (bytes) => {
        const tail = Buffer.from([0, ...bytes]);
        writeFileSync(file, Buffer.concat([whole, tail]));
        expect(readEvents(file)).toMatchObject({ events: EVENTS.slice(0, 3), eventsComplete: false });
      }),
    );
  });

  test('a garbled line with facts behind it, an unknown kind and a wrong shape name their line', () => {
    const lines = write([header, ...EVENTS])
      .toString()
      .split('\n');
    const withLine = (number: number, line: string) => {
      writeFileSync(file, lines.with(number - 1, line).join('\n'));
      return () => readEvents(file);
    };
    expect(withLine(4, '{"kind":')).toThrow(invalid(/events\.ndjson:4: this line is not JSON/));
    expect(withLine(4, '[]')).toThrow(invalid(/:4: .*must be an object/));
    expect(withLine(5, '{"kind":"constructor","at":1}')).toThrow(invalid(/:5: .*not a known event/));
    expect(withLine(5, '{"kind":"stall","at":1,"source":"e","from":1}')).toThrow(
      invalid(/:5: stall: `to` must be a number/),
    );
    expect(withLine(5, '{"kind":"step-intent","at":1,"stage":"s","index":0,"step":{"kind":"sleep"}}')).toThrow(
      invalid(/:5: step-intent: `step.ms` must be a number/),
    );
    expect(withLine(1, JSON.stringify({ ...header, scenario: {} }))).toThrow(
      invalid(/:1: header: `scenario.name` must be text/),
    );
    expect(withLine(1, '{"not":"ours"}')).toThrow(invalid(/not a rollproof header/));
    expect(withLine(1, JSON.stringify({ ...header, schemaVersion: 2 }))).toThrow(
      expect.objectContaining({ code: 'FACTS_FROM_THE_FUTURE' }),
    );
    expect(() => readEvents(join(dir, 'absent'))).toThrow(invalid(/cannot read/));
    expect(() => readFacts(join(dir, 'absent'))).toThrow(invalid(/not a directory/));
  });

  test('appending to a cut file replaces the half line by a warning and loses nothing whole', () => {
    const whole = write([header, ...EVENTS.slice(0, 4)]);
    writeFileSync(file, Buffer.concat([whole, Buffer.from('{"kind":"step-do')]));
    write([{ kind: 'recovery', at: 99, target: 's-1', ok: true, message: 'attached' }]);
    const { events, eventsComplete } = readEvents(file);
    expect(eventsComplete).toBe(true);
    expect(events.slice(0, 4)).toEqual(EVENTS.slice(0, 4));
    expect(events[4]).toMatchObject({ kind: 'warning', at: 3.5, message: expect.stringContaining('16 bytes') });
    expect(events[5]).toMatchObject({ kind: 'recovery', at: 99 });
  });

  test('appending behind a whole line without its newline keeps both', () => {
    const whole = write([header, EVENTS[0]!]);
    writeFileSync(file, whole.subarray(0, -1));
    write([EVENTS[15]!]);
    expect(readEvents(file).events).toEqual([EVENTS[0], EVENTS[15]]);
  });

  test('a fact that could not be read back becomes a warning instead of poisoning the file', () => {
    write([header, { ...EVENTS[11], from: Number.NaN } as RunEvent, { ...EVENTS[15], at: Number.NaN } as RunEvent]);
    expect(readEvents(file).events).toEqual([
      { kind: 'warning', at: 16, message: 'a stall event was not recorded: `from` must be a number' },
      { kind: 'warning', at: 0, message: 'a warning event was not recorded: `at` must be a number' },
    ]);
  });

  test('a full disk is an error with its code', () => {
    const writer = openEventWriter('/dev/full');
    expect(() => writer.append(header)).toThrow(
      expect.objectContaining({ code: 'DISK_WRITE_FAILED', hint: expect.any(String) }),
    );
    expect(() => writer.append(header)).toThrow(expect.objectContaining({ code: 'DISK_WRITE_FAILED' }));
  });

  test('upgrades run in order from the file version to the current one', () => {
    const table = { 1: (l: object) => ({ ...l, a: 1 }), 2: (l: object) => ({ ...l, b: 'a' in l }) };
    expect(upgradesFrom(1, table, 3).reduce<Record<string, unknown>>((line, up) => up(line), {})).toEqual({
      a: 1,
      b: true,
    });
    expect(upgradesFrom(3, table, 3)).toEqual([]);
    expect(() => upgradesFrom(2, {}, 3)).toThrow(/no upgrade from schema version 2/);
  });
});
