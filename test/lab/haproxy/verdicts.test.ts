import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadScenario } from '../../../src/config/load.js';
import type { RunResult } from '../../../src/domain/result.js';
import { type Ended, rollproof } from '../../support/rollproof.js';
import { haproxyOrSkip } from './tools.js';

const SCENARIOS = fileURLToPath(new URL('../../../scenarios/', import.meta.url));
const NAMES = readdirSync(join(SCENARIOS, 'haproxy')).map((file) => file.replace('.yaml', ''));
const EXIT = { PASS: 0, FAIL: 1, INCONCLUSIVE: 2, REFUSED: 3 } as const;
const program = haproxyOrSkip();
const out = mkdtempSync(join(tmpdir(), 'rollproof-haproxy-verdicts-'));
const ends = new Map<string, Ended>();

const scenarioIn = (file: string) =>
  loadScenario(join(SCENARIOS, file), { readFile: (path) => readFileSync(path, 'utf8'), env: {} }).scenario;
const originalOf = (name: string) => scenarioIn(name === 'lab' ? 'lab.yaml' : `faults/${name}.yaml`);

async function play(name: string): Promise<void> {
  const env = { ROLLPROOF_STATE_DIR: join(out, `${name}-state`) };
  const file = join(SCENARIOS, 'haproxy', `${name}.yaml`);
  ends.set(name, await rollproof(['run', file, '--json', '--quiet', '-o', out], { env }).ended);
}

describe('the scenarios of HAProxy', () => {
  it.each(NAMES)('%s is the original with another data plane, and nothing else', (name) => {
    const { name: ours, balancer, ...rest } = scenarioIn(`haproxy/${name}.yaml`);
    const { name: _original, balancer: own, ...originalRest } = originalOf(name);
    expect(ours).toBe(`haproxy-${name}`);
    expect(rest).toEqual(originalRest);
    if (own.kind !== 'lab') throw new Error('the originals run in the lab');
    expect(balancer).toEqual({ ...own, knobs: { ...own.knobs, dataPlane: 'haproxy' } });
  });
});

describe.skipIf(program === null)('verdicts on HAProxy', () => {
  beforeAll(async () => {
    // A PASS needs a generator that nothing disturbs; the others wait far more than they work, and go three at a time.
    await play('lab');
    await Promise.all(NAMES.filter((name) => name !== 'lab').map(play));
  }, 240_000);
  afterAll(() => {
    rmSync(out, { recursive: true, force: true });
    process.stdout.write(`\n${comparison()}\n`);
  });

  it.each(NAMES)('%s ends as on the own data plane', (name) => {
    const { code, out: json, err } = ends.get(name)!;
    if (json.trim() === '') throw new Error(`no result, exit ${code}:\n${err}`);
    const { verdict, outages } = JSON.parse(json) as RunResult;
    const end = originalOf(name).expect!;
    const why = JSON.stringify([verdict, outages.map((outage) => outage.causes)]);
    expect(verdict.kind, why).toBe(end.verdict);
    expect(code).toBe(EXIT[end.verdict]);
    for (const expected of end.codes) expect(verdict.codes, why).toContain(expected);
    if (end.cause !== null)
      expect(
        outages.map((outage) => outage.causes[0].code),
        why,
      ).toContain(end.cause);
  });
});

/** The table of docs/lab.md. */
function comparison(): string {
  const rows = [...ends].map(([name, { out: json }]) => {
    const { verdict, outages, counts } = JSON.parse(json || '{}') as Partial<RunResult>;
    const causes = [...new Set((outages ?? []).map((outage) => outage.causes[0].code))].join(', ') || '-';
    const end = originalOf(name).expect!;
    return `| ${name} | ${end.verdict} ${end.cause ?? ''} | ${verdict?.kind} ${causes} | ${counts?.failed} of ${counts?.judged} |`;
  });
  return ['| scenario | own | HAProxy | failed there |', '|---|---|---|---|', ...rows].join('\n');
}
