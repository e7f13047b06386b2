import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FAILURES_KEPT, type RunResult } from '../../../src/domain/result.js';
import { renderHtml } from '../../../src/report/html/report-html.js';
import { failureInstants } from '../../../src/report/html/svg/lanes.js';
import { resultOf } from '../fixture-run.js';
import { chromiumMissing, startChromium } from './chromium.js';
import { sourceAssets } from './page-assets.js';

const missing = chromiumMissing();
const folder = mkdtempSync(join(tmpdir(), 'rollproof-million-'));
let browser: Browser | undefined;
beforeAll(async () => {
  if (missing === null) browser = await startChromium();
});
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach((ctx) => {
  if (missing === null) return;
  // biome-ignore lint/suspicious/noConsole: a skipped browser test must be seen.
  console.warn(`SKIPPED: ${missing}`);
  ctx.skip(missing);
});

/** 1,000,000 requests in 200 s, of which more fail than the result keeps one by one. */
function millionResult(): RunResult {
  const all = resultOf({ sleepMs: 84_000, ratePerSecond: 5_200, lagMs: [104_000, 104_000] });
  const failuresOmitted = Math.max(0, all.failures.length - FAILURES_KEPT);
  return { ...all, failures: all.failures.slice(0, FAILURES_KEPT), failuresOmitted };
}

describe('a report of a million samples', () => {
  it('opens, zooms, and shows every failure; the times are printed, not judged', async () => {
    const result = millionResult();
    expect(result.counts.total).toBeGreaterThan(1_000_000);
    expect(result.failures).toHaveLength(FAILURES_KEPT);
    expect(result.failuresOmitted).toBeGreaterThan(0);
    const page = renderHtml(result, sourceAssets());
    const file = join(folder, 'report.html');
    writeFileSync(file, page);
    const tab = await browser?.newPage({ viewport: { width: 1280, height: 900 } });
    if (tab === undefined) throw new Error('no browser');
    const trouble: string[] = [];
    tab.on('pageerror', (e) => trouble.push(String(e)));
    await tab.goto(pathToFileURL(file).href);
    const frame =
      'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))';
    const openedMs = (await tab.evaluate(frame)) as number;
    const loadedMs = (await tab.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")) as number;
    const zoomMs = (await tab.evaluate(`(async () => {
      const times = [];
      for (const key of ['+', '+', '+', '+', 'ArrowRight', 'ArrowLeft', '-', '-', '0']) {
        const began = performance.now();
        document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
        times.push(performance.now() - began);
        await ${frame};
      }
      return times;
    })()`)) as number[];
    const told = (await tab.evaluate(
      "JSON.parse(document.getElementById('data').textContent).failures.length",
    )) as number;
    expect(told).toBe(failureInstants(result).length);
    expect(told).toBeGreaterThan(FAILURES_KEPT);
    // Every 100-ms bucket with a failure has its tick somewhere on the row of failures.
    const ticks = (await tab.locator('#ticks').getAttribute('d')) ?? '';
    expect(ticks.length).toBeGreaterThan(100);
    expect(trouble).toEqual([]);
    // biome-ignore lint/suspicious/noConsole: this test exists to report its figures.
    console.info(
      `1,000,000 samples: page ${(page.length / 1e6).toFixed(2)} MB, loaded in ${loadedMs.toFixed(0)} ms, first picture by ${openedMs.toFixed(0)} ms, zoom script ${Math.max(...zoomMs).toFixed(0)} ms at most`,
    );
    await tab.close();
  }, 120_000);
});
