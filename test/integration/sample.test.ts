import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunResult } from '../../src/domain/result.js';
import { digests, rollproof } from '../support/rollproof.js';

const sample = fileURLToPath(new URL('../../reports/sample/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'rollproof-sample-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('reports/sample', () => {
  it('is what its facts give: `rollproof report reports/sample` changes nothing', async () => {
    cpSync(sample, folder, { recursive: true });
    rmSync(join(folder, 'derived'), { recursive: true });
    const { code, err } = await rollproof(['report', folder]).ended;
    expect(code, err).toBe(1);
    const made = join(folder, 'derived');
    const kept = join(sample, 'derived');
    // The verdict and its reasons first: they tell more of a difference than a digest does.
    for (const name of ['report.md', 'junit.xml', 'result.json'])
      expect(readFileSync(join(made, name), 'utf8'), name).toBe(readFileSync(join(kept, name), 'utf8'));
    // A stopped target that failed fastest drew all requests: no node was without anybody.
    const { outages } = JSON.parse(readFileSync(join(made, 'result.json'), 'utf8')) as RunResult;
    expect(outages.map(({ causes }) => causes.map(({ code }) => code))).toEqual([
      ['ROUTED_TO_STOPPED'],
      ['ROUTED_TO_STOPPED'],
    ]);
    const pictures = Object.entries(digests(made)).filter(([path]) => path.startsWith('charts/'));
    expect(Object.fromEntries(Object.entries(digests(made)).filter((e) => !e[0].startsWith('charts/')))).toEqual(
      digests(kept),
    );
    // Not committed: half a megabyte that the native library draws a little differently on another processor.
    expect(pictures.map(([path]) => path).sort()).toEqual([
      'charts/latency.png',
      'charts/servers.png',
      'charts/timeline.png',
    ]);
  });
});
