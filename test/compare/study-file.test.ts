import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appendHistory, historyPath, readHistory } from '../../src/cli/history-file.js';
import {
  createStudy,
  isStudy,
  openStudy,
  readStudy,
  STUDY_SCHEMA,
  type StudyHeader,
} from '../../src/cli/study-file.js';
import { summaryOf, variantAt } from './runs.js';

const HEADER: StudyHeader = {
  kind: 'study',
  schema: STUDY_SCHEMA,
  toolVersion: '0.0.0',
  startedAt: '2026-01-01T00:00:00.000Z',
  name: 'lab',
  scenarioFile: 'lab.yaml',
  fingerprint: 'f',
  command: ['rollproof', 'compare', 'lab.yaml'],
  options: { sleep: '0s,5s' },
  place: { environment: 'lab', balancerKind: 'lab', balancerName: 'lab' },
  targets: 2,
  variants: [variantAt(0), variantAt(5000)],
  repeats: 2,
  seed: 1,
  alpha: 0.05,
  limit: 0.05,
  current: { afterDetachMs: 6000, afterAttachMs: 4000 },
};
const STARTED = { kind: 'run-started', block: 0, variant: 1, attempt: 1, dir: 'runs/lab/1' } as const;

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'study-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('the file of a study', () => {
  it('keeps header and runs, and goes on behind half a line', () => {
    const dir = createStudy(root, HEADER, new Date(0));
    expect(isStudy(dir)).toBe(true);
    const first = openStudy(dir);
    first.append(STARTED);
    first.close();
    appendFileSync(join(dir, 'study.ndjson'), '{"kind":"run-en');
    expect(readStudy(dir).started).toEqual([STARTED]);
    const second = openStudy(dir);
    second.append({ kind: 'run-ended', dir: STARTED.dir });
    second.close();
    const log = readStudy(dir);
    expect(log.header).toEqual(HEADER);
    expect([...log.ended]).toEqual([STARTED.dir]);
    expect(readFileSync(join(dir, 'study.ndjson'), 'utf8')).not.toContain('run-en"');
  });

  it.each([
    ['nothing', ''],
    ['no JSON', 'hello\n'],
    ['another header', '{"kind":"header"}\n'],
    ['a header cut short', JSON.stringify(HEADER).slice(0, 80)],
    ['a later schema', `${JSON.stringify({ ...HEADER, schema: 'rollproof.study/9' })}\n`],
    ['no variants', `${JSON.stringify({ ...HEADER, variants: [] })}\n`],
    ['garbage between the lines', `${JSON.stringify(HEADER)}\nxx\n${JSON.stringify(STARTED)}\n`],
    ['a variant that is not there', `${JSON.stringify(HEADER)}\n${JSON.stringify({ ...STARTED, variant: 2 })}\n`],
    [
      'a path out of the study',
      `${JSON.stringify(HEADER)}\n${JSON.stringify({ ...STARTED, dir: 'runs/../../etc' })}\n`,
    ],
  ])('refuses %s', (_what, text) => {
    writeFileSync(join(root, 'study.ndjson'), text);
    expect(() => readStudy(root)).toThrow(/study/);
    try {
      readStudy(root);
    } catch (error) {
      expect((error as { exitCode: number }).exitCode).toBe(64);
    }
  });

  it('names a directory that is no study', () => {
    mkdirSync(join(root, 'x'));
    expect(() => readStudy(join(root, 'x'))).toThrow('it has no study.ndjson');
  });
});

describe('history.jsonl', () => {
  it('takes a run once, behind half a line of a crash too, and tells of lines it cannot read', () => {
    expect(appendHistory(root, summaryOf(), false)).toBeNull();
    expect(appendHistory(root, summaryOf(), false)).toBeNull();
    appendFileSync(historyPath(root), '{"schema":"rollproof.hist');
    expect(appendHistory(root, summaryOf({ runId: 'b' }), true)).toBeNull();
    const { entries, unreadable } = readHistory(root);
    expect(entries.map((e) => [e.runId, e.study])).toEqual([
      ['lab-1', false],
      ['b', true],
    ]);
    expect(unreadable).toEqual([2]);
  });

  it('fails no run when it cannot be written', () => {
    mkdirSync(historyPath(root));
    expect(appendHistory(root, summaryOf(), false)).toContain('the run is not in');
  });

  it('takes no line with a figure that is none', () => {
    appendHistory(root, summaryOf(), false);
    const line = readFileSync(historyPath(root), 'utf8');
    appendFileSync(historyPath(root), line.replace('"needMs":2000', '"needMs":-1').replace('"lab-1"', '"x"'));
    expect(readHistory(root)).toMatchObject({ unreadable: [2] });
  });
});
