import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sideBySide } from '../../../src/compare/side-by-side.js';
import { comparisonHtml } from '../../../src/report/comparison/html.js';
import { renderHtml } from '../../../src/report/html/report-html.js';
import { renderRunsIndex } from '../../../src/report/runs/index-page.js';
import { summaryOf } from '../../../src/report/runs/run-summary.js';
import { summaryOf as summaryAt } from '../../compare/runs.js';
import { HOSTILE, studyOf } from '../comparison/fixture-study.js';
import { failResult, hostileResult, inconclusiveResult, passResult } from '../fixture-results.js';
import { axeViolations } from './axe.js';
import { chromiumMissing, startChromium } from './chromium.js';
import { sourceAssets, sourceIndexCss } from './page-assets.js';

const missing = chromiumMissing();
const assets = sourceAssets();
const entries = [passResult(), failResult(), inconclusiveResult()].map((r, i) => ({
  path: ['checkout', `run ${i}`],
  summary: summaryOf(r),
}));
const PAGES: Readonly<Record<string, () => string>> = {
  pass: () => renderHtml(passResult(), assets),
  fail: () => renderHtml(failResult(), assets),
  inconclusive: () => renderHtml(inconclusiveResult(), assets),
  hostile: () => renderHtml(hostileResult(), assets),
  comparison: () => comparisonHtml(studyOf(), { css: assets.css }),
  'hostile-comparison': () => comparisonHtml(studyOf(HOSTILE), { css: assets.css }),
  'side-by-side': () =>
    comparisonHtml(sideBySide([summaryAt(), summaryAt({ verdict: 'FAIL', failed: 9 })], []), { css: assets.css }),
  index: () => renderRunsIndex([...entries, { path: ['killed'], summary: null }], 3, sourceIndexCss()),
};
/** What Jenkins sends with every archived file unless its administrator says otherwise. */
const JENKINS = "sandbox allow-same-origin; default-src 'none'; img-src 'self'; style-src 'self';";
let browser: Browser | undefined;
let server: Server;
let asked: string[] = [];
const open: Page[] = [];

beforeAll(async () => {
  if (missing !== null) return;
  browser = await startChromium();
  server = createServer((request, response) => {
    const [, host = '', name = ''] = (request.url ?? '').split('/');
    asked.push(request.url ?? '');
    const page = PAGES[name];
    response.writeHead(page === undefined ? 404 : 200, {
      'content-type': 'text/html; charset=utf-8',
      ...(host === 'jenkins' ? { 'content-security-policy': JENKINS } : {}),
    });
    response.end(page?.());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await browser?.close();
  server?.close();
});
beforeEach((ctx) => {
  asked = [];
  if (missing === null) return;
  // biome-ignore lint/suspicious/noConsole: a skipped browser test must be seen.
  console.warn(`SKIPPED: ${missing}`);
  ctx.skip(missing);
});
afterEach(async () => {
  for (const page of open.splice(0)) await page.context().close();
});

async function shown(path: string, options: BrowserContextOptions = {}): Promise<Page> {
  if (browser === undefined) throw new Error('no browser');
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  open.push(page);
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}`);
  return page;
}

describe('accessibility', () => {
  const cases = Object.keys(PAGES).flatMap((name) => (['light', 'dark'] as const).map((c) => [name, c] as const));
  it.each(cases)('axe finds nothing on the %s page in %s colours', async (name, colorScheme) => {
    const page = await shown(`plain/${name}`, { colorScheme });
    await page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true");
    expect(await axeViolations(page)).toEqual([]);
  });

  it('axe finds nothing on a narrow page without the script', async () => {
    const page = await shown('plain/fail', { viewport: { width: 320, height: 700 } });
    expect(await axeViolations(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(320);
  });
});

describe('hosts that allow nothing', () => {
  it.each(['pass', 'fail', 'inconclusive'] as const)('under Jenkins’ policy the %s page still reads', async (name) => {
    const page = await shown(`jenkins/${name}`);
    const kind = name.toUpperCase();
    expect(await page.locator('h1').innerText()).toBe(kind);
    expect(await page.locator('.sentence').isVisible()).toBe(true);
    for (const selector of ['#lanes', '#chart-throughput-still', '#chart-latency-still', '#phases table'])
      expect(await page.locator(selector).first().isVisible(), selector).toBe(true);
    for (const selector of ['#copy', '#clock', '#readout', '#chart-throughput'])
      expect(await page.locator(selector).isVisible(), selector).toBe(false);
    // Without the style sheet, colours stand in the drawing itself: nothing may fall back to black.
    const black = await page.evaluate(`[...document.querySelectorAll('#lanes rect, #lanes path')]
      .filter((e) => getComputedStyle(e).fill === 'rgb(0, 0, 0)' && getComputedStyle(e).stroke === 'none')
      .map((e) => e.outerHTML.slice(0, 120))`);
    expect(black).toEqual([]);
    const wide = (await page.evaluate("document.querySelector('#lanes').getBoundingClientRect().width")) as number;
    expect(wide).toBeGreaterThan(600);
    expect(asked).toEqual([`/jenkins/${name}`]);
  });

  it('asks the network for nothing but itself', async () => {
    const page = await shown('plain/fail');
    await page.locator('#chart-throughput canvas').waitFor();
    expect(asked).toEqual(['/plain/fail']);
  });
});

describe('the page of a comparison', () => {
  it.each(['comparison', 'hostile-comparison', 'side-by-side'])(
    'reads anywhere and asks for nothing: %s',
    async (name) => {
      for (const host of ['plain', 'jenkins']) {
        asked = [];
        const page = await shown(`${host}/${name}`);
        expect(await page.locator('h1').first().isVisible()).toBe(true);
        expect(await page.locator('table').first().isVisible()).toBe(true);
        expect(await page.evaluate('document.scripts.length')).toBe(0);
        expect(asked, host).toEqual([`/${host}/${name}`]);
      }
    },
  );

  it('shows hostile names as text: no element, no handler, no wider page', async () => {
    const page = await shown('plain/hostile-comparison', { viewport: { width: 600, height: 900 } });
    expect(await page.locator('body').innerText()).toContain('<script>alert(1)</script>');
    expect(
      await page.evaluate(
        '[...document.querySelectorAll("*")].flatMap((e) => e.getAttributeNames()).filter((n) => n.startsWith("on"))',
      ),
    ).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(600);
  });

  it('keeps to its own policy: nothing on it was refused', async () => {
    const page = await shown('plain/side-by-side');
    const said: string[] = [];
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(String(error)));
    await page.goto(page.url().replace('side-by-side', 'hostile-comparison'));
    expect(said).toEqual([]);
  });
});
