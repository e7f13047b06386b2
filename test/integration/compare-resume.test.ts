import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { type Attempt, nextRun, seedFor } from '../../src/compare/study-plan.js';
import type { VerdictKind } from '../../src/domain/verdict.js';
import { digests, rollproof } from '../support/rollproof.js';

const out = mkdtempSync(join(tmpdir(), 'rollproof-resume-'));
afterAll(() => rmSync(out, { recursive: true, force: true }));
const LAB = fileURLToPath(new URL('../../scenarios/lab.yaml', import.meta.url));
const SEED = 5;
const PLAN = { variants: 2, repeats: 1, seed: SEED };
const LIMIT_MS = 180_000;
const WAIT = { timeout: 60_000, interval: 50 };

interface Judged {
  readonly dir: string;
  readonly verdict: VerdictKind;
}
interface Line {
  readonly kind: string;
  readonly [key: string]: unknown;
}

/** Whole lines only: the last one may be growing, or cut. */
function linesOf(file: string): Line[] {
  if (!existsSync(file)) return [];
  const text = readFileSync(file, 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((l) => l !== '')
    .map((l) => JSON.parse(l) as Line);
}

/** A study short enough to be run in full: two sleeps, one repeat, few requests wanted. */
function scenario(): string {
  const file = join(out, 'resume.yaml');
  writeFileSync(
    file,
    [
      `extends: ${LAB}`,
      'name: resume',
      // How busy this machine is shall not decide how often a run is repeated.
      'policy: { slo: 0.99, gates: { maxStall: 10s, late: 10s, maxForged: 0.5, maxDropped: 0.5, minBaseline: 300 } }',
      'traffic: { warmUp: 1s, settle: 1s, lanes: { new: 1, reuse: 1, long: off } }',
      '',
    ].join('\n'),
  );
  return file;
}

const studyDir = (): string => {
  const parent = join(out, 'resume-compare');
  const [only, ...more] = existsSync(parent) ? readdirSync(parent) : [];
  if (more.length > 0) throw new Error(`a second study was begun: ${more.join()}`);
  return only === undefined ? join(parent, 'none') : join(parent, only);
};
const studyLines = () => linesOf(join(studyDir(), 'study.ndjson'));
const ofKind = (kind: string) => studyLines().filter((l) => l.kind === kind);
const eventsOf = (dir: unknown) => linesOf(join(studyDir(), String(dir), 'events.ndjson'));
const detaches = (dir: unknown) => eventsOf(dir).filter((e) => e.kind === 'balancer-call' && e.operation === 'detach');

describe('a study that is cut', () => {
  it(
    'goes on where it was after kill -9 with half a line and after Ctrl-C, as if nothing had been',
    async () => {
      const command = ['compare', scenario(), '--sleep', '0s,1s', '--repeat', '1', '--seed', `${SEED}`, '-o', out];

      // Killed in its second run; the line it was about to write is half there.
      const killed = rollproof(command);
      await vi.waitUntil(() => ofKind('run-started').length === 2, WAIT);
      killed.child.kill('SIGKILL');
      await killed.ended;
      appendFileSync(join(studyDir(), 'study.ndjson'), '{"kind":"run-en');
      const [done] = ofKind('run-ended');
      const before = digests(join(studyDir(), String(done?.dir), 'samples'));

      // The same command goes on with the second run; Ctrl-C while a target is out.
      const stopped = rollproof(command);
      await stopped.seen('going on with the study');
      await vi.waitUntil(() => ofKind('run-started').length === 3, WAIT);
      const cut = ofKind('run-started')[2]?.dir;
      await vi.waitUntil(() => detaches(cut).length > 0, WAIT);
      stopped.child.kill('SIGINT');
      const end = await stopped.ended;
      expect(end.code, end.err).toBe(130);
      expect(end.err).toContain(`rollproof compare --resume ${studyDir()}`);
      expect(eventsOf(cut).at(-1)).toMatchObject({ kind: 'run-ended', stillDetached: [] });
      expect(end.err).toContain('the study is not complete');

      const resumed = await rollproof(['compare', '--resume', studyDir(), '-o', out]).ended;
      expect([0, 2], resumed.err).toContain(resumed.code);
      expect(resumed.err).not.toContain('not complete');
      const derived = digests(join(studyDir(), 'derived'));

      const again = await rollproof(['report', studyDir(), '--json']).ended;
      const found = JSON.parse(again.out) as { readonly runs: readonly { readonly summary: Judged }[] };
      expect(found).toMatchObject({ kind: 'study', complete: true, seed: SEED });

      // Each place judged once (an undecided run is repeated), in the order and with the seeds of a study never cut.
      const ended = new Set(ofKind('run-ended').map((l) => l.dir));
      const judged = ofKind('run-started').filter((l) => ended.has(l.dir));
      const attempts: Attempt[] = [];
      for (const { block, variant, attempt, dir } of judged) {
        expect({ block, variant, attempt }).toEqual(nextRun(PLAN, attempts));
        const verdict = found.runs.find((r) => r.summary.dir === dir)?.summary.verdict ?? 'ERROR';
        attempts.push({ block: Number(block), variant: Number(variant), verdict });
        const header = eventsOf(dir)[0] as unknown as { scenario: { traffic: { seed: number } } };
        expect(header.scenario.traffic.seed).toBe(seedFor(SEED, `traffic/${block}/${variant}/${attempt}`));
      }
      expect(nextRun(PLAN, attempts)).toBeNull();
      expect(judged[0]?.dir).toBe(done?.dir);
      expect(digests(join(studyDir(), String(done?.dir), 'samples'))).toEqual(before);

      expect(again.code).toBe(resumed.code);
      expect(digests(join(studyDir(), 'derived'))).toEqual(derived);
      // A cut run is no observation: neither of what was seen nor of what it cost.
      expect(linesOf(join(out, 'history.jsonl'))).toHaveLength(judged.length);
    },
    LIMIT_MS,
  );
});
