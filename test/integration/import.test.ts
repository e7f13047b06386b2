import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { EVENT_SCHEMA_VERSION } from '../../src/domain/event.js';
import { rollproof } from '../support/rollproof.js';
import { testScenario } from '../support/scenario.js';

const folder = mkdtempSync(join(tmpdir(), 'rollproof-cli-import-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const fixture = (name: string) => fileURLToPath(new URL(`../traffic/fixtures/${name}`, import.meta.url));
const JTL = fixture('jmeter/plan.jtl');
const K6 = fixture('k6/probe.csv');
/** A scenario file with traffic JMeter can fire. */
const LAB = fileURLToPath(new URL('../../scenarios/lab.yaml', import.meta.url));

function run(...argv: string[]) {
  return rollproof(argv).ended;
}
function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}
const header = {
  kind: 'header',
  schemaVersion: EVENT_SCHEMA_VERSION,
  toolVersion: '0.1.0',
  runId: 'test',
  startedAtWall: new Date(1795350894000).toISOString(),
  monotonicOriginNs: '0',
  scenario: testScenario(),
  scenarioFile: null,
  command: [],
  gitRevision: null,
  tools: {},
};
const EVENTS = file(
  'events.ndjson',
  [
    header,
    { kind: 'traffic-started', at: 0, source: 'embedded', warmUpEndsAt: 100 },
    { kind: 'run-ended', at: 9000, deploy: 'complete', stillDetached: [], error: null },
  ]
    .map((event) => `${JSON.stringify(event)}\n`)
    .join(''),
);
let outs = 0;
async function imported(results: string) {
  const out = join(folder, `out-${outs++}`);
  const ended = await run('import', results, '--events', EVENTS, '-o', out, '--json');
  return { ...ended, out, result: ended.out === '' ? null : JSON.parse(ended.out) };
}

describe('rollproof import', () => {
  it.each([
    ['a JTL', JTL, 148],
    ['k6’s CSV', K6, 80],
  ])('judges %s against the events, and never passes what lacks evidence', async (_, results, atLeast) => {
    const { code, err, result, out } = await imported(results);
    expect([1, 2], err).toContain(code);
    expect(result.verdict.exitCode).toBe(code);
    const dir = join(out, 'test-import');
    const events = readFileSync(join(dir, readdirSync(dir)[0] ?? '', 'events.ndjson'), 'utf8');
    const stopped = events.split('\n').find((line) => line.includes('"traffic-stopped"')) ?? '';
    expect(JSON.parse(stopped)).toMatchObject({
      source: 'imported',
      error: expect.stringMatching(/arrivals are missing/),
    });
    expect(JSON.parse(stopped).scheduled).toBeGreaterThanOrEqual(atLeast);
    expect(events).not.toContain('"source":"embedded"');
  });

  it('reads .gz as what is in it', async () => {
    const plain = await imported(JTL);
    const packed = await imported(file('results.jtl.gz', gzipSync(readFileSync(JTL))));
    expect(packed.code).toBe(plain.code);
    expect(packed.result.verdict).toEqual(plain.result.verdict);
  });

  it('says when a file was cut, and judges what is there', async () => {
    const cut = await imported(file('cut.jtl', readFileSync(JTL).subarray(0, 9_999)));
    expect([1, 2]).toContain(cut.code);
    expect(JSON.stringify(cut.result)).toMatch(/it was cut/);
  });

  it.each([
    ['a folder', () => folder, /EISDIR|directory/],
    ['no such file', () => join(folder, 'none'), /does not exist/],
    ['an empty file', () => file('empty', ''), /empty/],
    ['something else', () => file('notes.txt', 'hello\n'), /notes\.txt:1: neither k6’s CSV nor a JTL/],
    ['a broken .gz', () => file('cut.gz', gzipSync(readFileSync(JTL)).subarray(0, 500)), /unexpected end/],
    ['a bad row', () => file('bad.jtl', `${readFileSync(JTL, 'utf8').split('\n')[0]}\nx,y\n`), /bad\.jtl:2: /],
  ])('refuses %s with 64 and leaves nothing behind', async (_, results, message) => {
    const { code, err, out } = await imported(results());
    expect(err).toMatch(message);
    expect(code).toBe(64);
    expect(existsSync(out)).toBe(false);
  });

  it('refuses events that are none', async () => {
    const without = await run('import', JTL);
    expect([without.code, without.err]).toEqual([64, expect.stringMatching(/--events/)]);
    const wrong = await run('import', JTL, '--events', JTL, '-o', join(folder, 'wrong'));
    expect(wrong.code).toBe(64);
    expect(existsSync(join(folder, 'wrong'))).toBe(false);
  });
});

describe('rollproof export jmeter', () => {
  it('writes the plan to standard output, or to a file', async () => {
    const printed = await run('export', 'jmeter', LAB);
    expect(printed.code).toBe(0);
    expect(printed.out).toMatch(/^<\?xml.*<jmeterTestPlan/s);
    const plan = join(folder, 'plan.jmx');
    expect((await run('export', 'jmeter', LAB, '-o', plan)).code).toBe(0);
    expect(readFileSync(plan, 'utf8')).toBe(printed.out);
  });

  it('refuses a bad scenario with 64, and says so when the plan cannot be written', async () => {
    expect((await run('export', 'jmeter', join(folder, 'none.yaml'))).code).toBe(64);
    const unwritable = await run('export', 'jmeter', LAB, '-o', join(folder, 'no', 'such', 'plan.jmx'));
    expect(unwritable.code).not.toBe(0);
    expect(unwritable.err).toMatch(/cannot write .*plan\.jmx/);
    const tls = file('tls.yaml', `extends: ${LAB}\ntraffic: { tls: { serverName: other } }\n`);
    const refused = await run('export', 'jmeter', tls);
    expect([refused.code, refused.err]).toEqual([64, expect.stringMatching(/cannot be kept/)]);
    expect((await run('export', 'gatling', LAB)).code).toBe(64);
  });
});
