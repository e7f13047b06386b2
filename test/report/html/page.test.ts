import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunResult } from '../../../src/domain/result.js';
import { renderHtml } from '../../../src/report/html/report-html.js';
import { failResult, hostileResult, inconclusiveResult, passResult } from '../fixture-results.js';
import { chromiumMissing, startChromium } from './chromium.js';
import { sourceAssets } from './page-assets.js';

const missing = chromiumMissing();
const directory = mkdtempSync(join(tmpdir(), 'rollproof-page-'));
const assets = sourceAssets();
let browser: Browser | undefined;
let trouble: string[] = [];
let requests: string[] = [];
const open: Page[] = [];

beforeAll(async () => {
  if (missing === null) browser = await startChromium();
});
afterAll(async () => {
  await browser?.close();
  rmSync(directory, { recursive: true, force: true });
});
beforeEach((ctx) => {
  trouble = [];
  requests = [];
  if (missing === null) return;
  // biome-ignore lint/suspicious/noConsole: a skipped browser test must be seen.
  console.warn(`SKIPPED: ${missing}`);
  ctx.skip(missing);
});
afterEach(async () => {
  for (const page of open.splice(0)) await page.context().close();
});

async function shown(result: RunResult, options: BrowserContextOptions = {}, hash = ''): Promise<Page> {
  const file = join(directory, 'report.html');
  writeFileSync(file, renderHtml(result, assets));
  if (browser === undefined) throw new Error('no browser');
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  open.push(page);
  page.on('console', (m) => trouble.push(`${m.type()}: ${m.text()}`));
  page.on('pageerror', (e) => trouble.push(String(e)));
  page.on('dialog', (d) => {
    trouble.push(`dialog ${d.message()}`);
    void d.dismiss();
  });
  page.on('request', (r) => requests.push(r.url()));
  await page.goto(`${pathToFileURL(file).href}${hash}`);
  return page;
}

const settled = (page: Page): Promise<unknown> =>
  page.evaluate(
    'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 30))))',
  );

/** What the address says is shown, in seconds; null = the whole run. */
async function shownSeconds(page: Page): Promise<readonly [number, number] | null> {
  const match = /#t=([\d.]+)-([\d.]+)$/.exec(page.url());
  return match === null ? null : [Number(match[1]), Number(match[2])];
}

/** Axis labels of the two server-drawn pictures. */
const axisLabels = (page: Page, id: string): Promise<string[]> => page.locator(`#${id} .axis text`).allTextContents();

/** A chart's pixels as text: differs when the chart was drawn anew with another axis. */
const pixels = (page: Page, id: string): Promise<string> =>
  page.evaluate(`document.querySelector('#${id} canvas').toDataURL()`) as Promise<string>;

const CHARTS = ['chart-throughput', 'chart-latency', 'chart-answered'];

/** Drags over the plot of an element from one share of its width to another. */
async function drag(page: Page, selector: string, from: number, to: number): Promise<void> {
  const target = page.locator(selector).first();
  await target.scrollIntoViewIfNeeded();
  const box = await target.boundingBox();
  if (box === null) throw new Error(`${selector} is not shown`);
  const y = box.y + box.height * 0.7;
  await page.mouse.move(box.x + box.width * from, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * ((from + to) / 2), y, { steps: 3 });
  await page.mouse.move(box.x + box.width * to, y, { steps: 3 });
  await page.mouse.up();
  await settled(page);
}

describe('the page in Chromium', () => {
  it.each([
    ['pass', passResult],
    ['fail', failResult],
    ['inconclusive', inconclusiveResult],
  ] as const)('opens the %s report from a file without an error or a request', async (_, result) => {
    const page = await shown(result());
    await settled(page);
    for (const id of CHARTS) expect(await page.locator(`#${id} canvas`).count()).toBe(1);
    expect(await page.locator('.still').first().isVisible()).toBe(false);
    expect(trouble).toEqual([]);
    expect(requests.filter((url) => !url.startsWith('file:') && !url.startsWith('data:'))).toEqual([]);
    expect(requests.filter((url) => url.startsWith('file:'))).toHaveLength(1);
  });

  it('makes no element, attribute or script of hostile text', async () => {
    const page = await shown(hostileResult());
    await settled(page);
    const found = await page.evaluate(`({
      pwned: typeof pwned,
      scripts: document.scripts.length,
      images: document.images.length,
      handlers: [...document.querySelectorAll('*')].flatMap((e) => e.getAttributeNames()).filter((n) => n.startsWith('on')),
      bad: [...document.querySelectorAll('a')].filter((a) => /^\\s*javascript:/i.test(a.getAttribute('href') ?? '')).length,
    })`);
    expect(found).toEqual({ pwned: 'undefined', scripts: 3, images: 0, handlers: [], bad: 0 });
    expect(trouble).toEqual([]);
  });

  it('zooms every chart and the lanes by a drag in one of them, and resets', async () => {
    const page = await shown(failResult());
    await settled(page);
    const before = await Promise.all(CHARTS.map((id) => pixels(page, id)));
    const lanes = await axisLabels(page, 'lanes');
    await drag(page, '#chart-throughput .u-over', 0.25, 0.5);
    const zoomed = await shownSeconds(page);
    expect(zoomed?.[0]).toBeCloseTo(8, 0);
    expect(zoomed?.[1]).toBeCloseTo(16, 0);
    const after = await Promise.all(CHARTS.map((id) => pixels(page, id)));
    for (const [i, image] of after.entries()) expect(image).not.toBe(before[i]);
    expect(await axisLabels(page, 'lanes')).not.toEqual(lanes);
    expect(await axisLabels(page, 'heatmap')).toEqual(await axisLabels(page, 'lanes'));
    expect(await page.locator('#zoom-reset').isVisible()).toBe(true);
    await page.locator('#chart-latency .u-over').dblclick();
    await settled(page);
    expect(await shownSeconds(page)).toBeNull();
    expect(await axisLabels(page, 'lanes')).toEqual(lanes);
    expect(await Promise.all(CHARTS.map((id) => pixels(page, id)))).toEqual(before);
    expect(trouble).toEqual([]);
  });

  it('zooms by a drag across the lanes, and a click on a step zooms around it', async () => {
    const page = await shown(failResult());
    await drag(page, '#lanes', 0.4, 0.6);
    const zoomed = await shownSeconds(page);
    expect((zoomed?.[1] ?? 0) - (zoomed?.[0] ?? 0)).toBeCloseTo((0.2 * 1184 * 32) / (1184 - 136), 0);
    await page.keyboard.press('Escape');
    expect(await shownSeconds(page)).toBeNull();
    await page.locator('#lanes a[aria-label^="deploy staging-2"]').click();
    await settled(page);
    expect(await shownSeconds(page)).toEqual([9.91, 32]);
    expect(trouble).toEqual([]);
  });

  it('moves and zooms by keyboard, but not while one types or scrolls a table', async () => {
    const page = await shown(failResult());
    await page.keyboard.press('+');
    expect(await shownSeconds(page)).toEqual([8, 24]);
    await page.keyboard.press('ArrowRight');
    expect(await shownSeconds(page)).toEqual([11.2, 27.2]);
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    expect(await shownSeconds(page)).toEqual([0, 16]);
    await page.keyboard.press('-');
    expect(await shownSeconds(page)).toBeNull();
    await page.keyboard.press('+');
    await page.locator('#phases .scroll').focus();
    await page.keyboard.press('ArrowRight');
    expect(await shownSeconds(page)).toEqual([8, 24]);
  });

  it('opens at the stretch a deep link names, and follows a change of it', async () => {
    const page = await shown(failResult(), {}, '#t=9-12');
    await settled(page);
    expect(await axisLabels(page, 'lanes')).toContain('0:10.0');
    expect((await axisLabels(page, 'lanes')).at(-1)).toBe('0:12.0');
    await page.evaluate("location.hash = '#t=20-30'");
    await settled(page);
    expect(await axisLabels(page, 'lanes')).toContain('0:25');
    await page.evaluate("location.hash = '#t=30-20'");
    await settled(page);
    expect(await axisLabels(page, 'lanes')).toContain('0:25');
    expect(trouble).toEqual([]);
  });

  it('zooms to an outage by a click anywhere on its row', async () => {
    const page = await shown(failResult());
    await page.locator('#phases .bad-row td').last().click();
    await settled(page);
    const zoomed = await shownSeconds(page);
    expect(zoomed?.[0]).toBe(0);
    expect(zoomed?.[1]).toBeCloseTo(21.95, 1);
  });

  it('reads every chart at the crosshair', async () => {
    const page = await shown(failResult());
    await page.locator('#chart-throughput').scrollIntoViewIfNeeded();
    await settled(page);
    const box = await page.locator('#chart-throughput .u-over').boundingBox();
    await page.mouse.move((box?.x ?? 0) + (box?.width ?? 0) * (10.05 / 32), (box?.y ?? 0) + 50);
    await settled(page);
    const said = await page.locator('#readout').textContent();
    expect(said).toMatch(/^0:10\.0\d \(10:15:10\.\d{3} UTC\) · deploy staging-1 · offered 250, /);
    expect(said).toMatch(/p99 [\d.]+, .* · staging-1 0, staging-2 \d+/);
    expect(await page.locator('#crosshair').getAttribute('visibility')).toBe('visible');
    const left = (id: string): Promise<number> =>
      page.evaluate(`document.querySelector('#${id} .u-cursor-x').getBoundingClientRect().left`) as Promise<number>;
    expect(Math.abs((await left('chart-latency')) - (await left('chart-throughput')))).toBeLessThan(2);
  });

  it('shows time of day instead of elapsed time, everywhere, and back', async () => {
    const page = await shown(failResult());
    await settled(page);
    const elapsed = await axisLabels(page, 'lanes');
    const chart = await pixels(page, 'chart-latency');
    await page.locator('#clock').click();
    await settled(page);
    expect((await axisLabels(page, 'lanes'))[0]).toBe('10:15:00');
    expect(await pixels(page, 'chart-latency')).not.toBe(chart);
    expect(await page.locator('#balancer time').first().textContent()).toMatch(/^10:15:\d\d\.\d{3}$/);
    expect(await page.locator('#clock').getAttribute('aria-pressed')).toBe('true');
    await page.locator('#clock').click();
    await settled(page);
    expect(await axisLabels(page, 'lanes')).toEqual(elapsed);
    expect(await pixels(page, 'chart-latency')).toBe(chart);
    expect(trouble).toEqual([]);
  });

  it('filters the failed requests', async () => {
    const page = await shown(failResult());
    await page.locator('details.samples summary').click();
    const rows = page.locator('table.failures tbody tr:visible');
    const all = await rows.count();
    await page.locator('#filter select').nth(2).selectOption('reset');
    const resets = failResult().failures.filter((f) => f.class === 'reset').length;
    expect(await rows.count()).toBe(resets);
    expect(all).toBe(failResult().failures.length);
    expect(await page.locator('#filter-count').textContent()).toBe(`${resets} of ${all} shown`);
  });

  it('copies the gist as Markdown', async () => {
    const page = await shown(failResult(), { permissions: ['clipboard-read', 'clipboard-write'] });
    await page.locator('#copy').click();
    await page.getByText('Copied', { exact: true }).waitFor();
    const text = (await page.evaluate('navigator.clipboard.readText()')) as string;
    expect(text).toMatch(/^\*\*FAIL\*\* checkout: 189 of 5,927 requests failed/);
    expect(text).toContain('after deploy staging-1');
  });

  it('looks different in the dark, and follows a change of theme', async () => {
    const page = await shown(failResult(), { colorScheme: 'light' });
    await settled(page);
    const light = await page.screenshot();
    const chart = await pixels(page, 'chart-throughput');
    await page.emulateMedia({ colorScheme: 'dark' });
    await settled(page);
    expect((await page.screenshot()).equals(light)).toBe(false);
    expect(await pixels(page, 'chart-throughput')).not.toBe(chart);
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(13, 17, 23)');
    expect(trouble).toEqual([]);
  });

  it('without the script shows lanes, still charts and tables, and nothing that needs it', async () => {
    const page = await shown(failResult(), { javaScriptEnabled: false });
    for (const selector of [
      '#lanes',
      '#chart-throughput-still',
      '#chart-latency-still',
      '#chart-answered-still',
      '#heatmap',
    ])
      expect(await page.locator(selector).isVisible()).toBe(true);
    expect(await page.locator('#ticks').isVisible()).toBe(true);
    for (const selector of ['#copy', '#readout', '#filter', '#chart-throughput'])
      expect(await page.locator(selector).isVisible()).toBe(false);
    expect(await page.locator('#lanes').textContent()).toContain('deploy staging-1');
  });

  it('prints light, with still pictures and open details', async () => {
    const page = await shown(failResult(), { colorScheme: 'dark' });
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    expect(await page.locator('#chart-throughput-still').isVisible()).toBe(true);
    expect(await page.locator('#chart-throughput').isVisible()).toBe(false);
    expect(await page.locator('details:not([open])').count()).toBe(0);
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
    await page.evaluate("dispatchEvent(new Event('afterprint'))");
    expect(await page.locator('details:not([open])').count()).toBeGreaterThan(3);
    expect((await page.pdf()).byteLength).toBeGreaterThan(10_000);
  });

  it('fits a telephone without scrolling the page sideways', async () => {
    const page = await shown(failResult(), { viewport: { width: 390, height: 800 } });
    await settled(page);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    expect(trouble).toEqual([]);
  });

  it('survives a sandboxed frame', async () => {
    const page = await shown(passResult());
    const inner = renderHtml(failResult(), assets).replaceAll('&', '&amp;').replaceAll('"', '&quot;');
    const outer = join(directory, 'outer.html');
    writeFileSync(
      outer,
      `<!doctype html><iframe sandbox="allow-scripts" width="1200" height="800" srcdoc="${inner}"></iframe>`,
    );
    await page.goto(pathToFileURL(outer).href);
    const frame = page.frameLocator('iframe');
    await frame.locator('#chart-throughput canvas').waitFor();
    await frame.locator('#lanes a').first().press('Enter');
    await frame.locator('#zoom-reset').waitFor({ state: 'visible' });
    expect(trouble).toEqual([]);
  });
});
