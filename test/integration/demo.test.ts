import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { loadScenario } from '../../src/config/load.js';
import type { RunResult } from '../../src/domain/result.js';
import { digests, rollproof, runDirectoryIn } from '../support/rollproof.js';

const out = mkdtempSync(join(tmpdir(), 'rollproof-demo-'));
afterAll(() => rmSync(out, { recursive: true, force: true }));
const SCENARIOS = fileURLToPath(new URL('../../scenarios/', import.meta.url));
const LIMIT_MS = 120_000;
const EXIT = { PASS: 0, FAIL: 1, INCONCLUSIVE: 2, REFUSED: 3 } as const;

/** The scenario file itself says how it must end. */
function expected(file: string) {
  const { scenario } = loadScenario(join(SCENARIOS, file), { readFile: (p) => readFileSync(p, 'utf8'), env: {} });
  if (scenario.expect === null) throw new Error(`${file} has no expect block`);
  return { name: scenario.name, expect: scenario.expect };
}

async function demo(file: string, fault: string | null) {
  const { name, expect: end } = expected(file);
  const run = rollproof(['demo', ...(fault === null ? [] : ['--fault', fault]), '--json', '--quiet', '-o', out]);
  const { code, out: json, err } = await run.ended;
  const result = JSON.parse(json || 'null') as RunResult | null;
  if (result === null) throw new Error(`no result, exit ${code}:\n${err}`);
  return { code, result, end, dir: runDirectoryIn(out, name), err };
}

describe('npm run demo', () => {
  it(
    'passes within 60 s with four claims, and its reports can be made again byte for byte',
    async () => {
      const startedAt = performance.now();
      const { code, result, dir } = await demo('lab.yaml', null);
      const tookMs = performance.now() - startedAt;
      expect(result.verdict, JSON.stringify(result.verdict)).toMatchObject({ kind: 'PASS', exitCode: 0, codes: [] });
      expect(code).toBe(0);
      expect(tookMs).toBeLessThan(60_000);
      expect(result.claims).toMatchObject({
        replaced: 'proven',
        totalOutageMs: expect.any(Number),
        failureProbabilityUpper: expect.any(Number),
      });
      expect(result.replacements.map((r) => [r.target, r.left, r.replaced, r.returned])).toEqual([
        ['staging-1', true, true, true],
        ['staging-2', true, true, true],
      ]);
      const derived = join(dir, 'derived');
      expect(Object.keys(digests(derived)).sort()).toEqual([
        'charts/latency.png',
        'charts/servers.png',
        'charts/timeline.png',
        'failures.ndjson',
        'junit.xml',
        'pass.json',
        'report.html',
        'report.md',
        'result.json',
      ]);
      const before = digests(derived);
      rmSync(derived, { recursive: true });
      const again = await rollproof(['report', dir]).ended;
      expect(again.code).toBe(0);
      expect(digests(derived)).toEqual(before);
      expect(again.out).toMatch(/^✓ PASS/);
    },
    LIMIT_MS,
  );

  // One that fails and one that proves nothing; all of them are rows of the matrix (shipped-scenarios.test.ts).
  it.concurrent.each(['sleep-too-short', 'generator-stall'])(
    '--fault %s rightly does not pass, and names the cause',
    async (fault) => {
      const { code, result, end } = await demo(`faults/${fault}.yaml`, fault);
      const why = JSON.stringify([result.verdict, result.outages.map((o) => o.causes)]);
      expect(result.verdict.kind, why).toBe(end.verdict);
      expect(code).toBe(EXIT[end.verdict]);
      expect(result.verdict.codes, why).toEqual(expect.arrayContaining([...end.codes]));
      if (end.cause !== null)
        expect(
          result.outages.map((o) => o.causes[0].code),
          why,
        ).toContain(end.cause);
      expect(result.verdict.sentence.length).toBeGreaterThan(20);
    },
    LIMIT_MS,
  );
});
