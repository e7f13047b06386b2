import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type LivePage, startLivePage } from '../../src/cli/live-page.js';
import { type LoopbackServer, startLoopback } from '../../src/cli/loopback-server.js';
import { runsHandler } from '../../src/cli/serve.js';
import { pipelineOf } from '../../src/pipeline/compile.js';
import { initialLive } from '../../src/report/live/live-timeline.js';
import { renderAll } from '../../src/report/render-all.js';
import { failResult } from '../report/fixture-results.js';
import { axeViolations } from '../report/html/axe.js';
import { chromiumMissing, startChromium } from '../report/html/chromium.js';
import { sourceAssets, sourceLiveAssets } from '../report/html/page-assets.js';
import { fakeClock } from '../support/fake-clock.js';
import { fakeIo } from '../support/fake-io.js';
import { testScenario } from '../support/scenario.js';

const missing = chromiumMissing();
const root = mkdtempSync(join(tmpdir(), 'rollproof-pages-'));
const scenario = testScenario();
let browser: Browser | undefined;
let trouble: string[] = [];
const open: Page[] = [];

beforeAll(async () => {
  if (missing === null) browser = await startChromium();
});
afterAll(async () => {
  await browser?.close();
  rmSync(root, { recursive: true, force: true });
});
beforeEach((ctx) => {
  trouble = [];
  if (missing === null) return;
  // biome-ignore lint/suspicious/noConsole: a skipped browser test must be seen.
  console.warn(`SKIPPED: ${missing}`);
  ctx.skip(missing);
});
afterEach(async () => {
  for (const page of open.splice(0)) await page.context().close();
});

async function shown(address: string, colorScheme: 'light' | 'dark' = 'light'): Promise<Page> {
  if (browser === undefined) throw new Error('no browser');
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme });
  const page = await context.newPage();
  open.push(page);
  page.on('pageerror', (error) => trouble.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && trouble.push(message.text()));
  await page.goto(address);
  return page;
}

describe('the live page in a browser', () => {
  let live: LivePage;
  let address = '';
  const clock = fakeClock();

  beforeEach(async () => {
    let told: (text: string) => void = () => undefined;
    const said = new Promise<string>((resolve) => {
      told = resolve;
    });
    const { io } = fakeIo({
      stderr: { write: told, isTty: false, columns: 80, rows: 24 },
      randomToken: () => 'secret',
    });
    const targets = scenario.targets.map((t) => t.id);
    const start = initialLive('<b>checkout</b>', pipelineOf(scenario, null), targets, 60_000);
    live = startLivePage(start, { assets: sourceLiveAssets(), port: 0 }, clock, io);
    address = /http:\/\/\S+/.exec(await said)?.[0] ?? '';
  });
  afterEach(() => live.end());

  const progress = (sent: number, failed: number) => ({
    ...{ scheduled: sent, sent, ok: sent - failed, failed, dropped: 0, inFlight: 0, latencyMsP99: 7 },
    ...{ answeredBy: {}, intervalMs: 1000 },
  });

  it('draws what happens, says when requests fail, and that the run has ended', async () => {
    const page = await shown(address);
    live.event({ kind: 'step-intent', at: 5, stage: 'one-out', index: 0, step: { kind: 'detach', target: 'one' } });
    live.traffic(progress(1200, 0));
    const said = page.locator('#said');
    await expect.poll(() => said.innerText()).toContain('No request has failed so far');
    await expect.poll(() => page.locator('#tiles').innerText()).toContain('1,200');
    expect(await page.locator('#drawing svg').count()).toBe(1);
    expect(await page.locator('header strong').innerText()).toBe('<b>checkout</b>');
    clock.set(2_000);
    live.traffic(progress(2400, 17));
    await expect.poll(() => page.locator('#head').innerText()).toBe('Requests failed');
    expect(await said.innerText()).toContain('17 failed so far');
    live.end();
    await expect.poll(() => said.innerText()).toContain('The run has ended');
    expect(await page.locator('#head').innerText()).toBe('Ended');
    expect(trouble).toEqual([]);
  });

  it.each(['light', 'dark'] as const)('axe finds nothing on it in %s colours', async (colours) => {
    const page = await shown(address, colours);
    live.traffic(progress(1200, 3));
    await page.locator('#drawing svg').waitFor();
    expect(await axeViolations(page)).toEqual([]);
  });

  it('cannot be read, framed or listened to by a page from elsewhere that knows its address', async () => {
    const elsewhere: Server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end(`<iframe src="${address}"></iframe>`);
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    try {
      const page = await shown(`http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`);
      expect(await page.evaluate(`fetch('${address}').then((r) => r.text()).catch(() => 'refused')`)).toBe('refused');
      const heard = `new Promise((done) => {
        const stream = new EventSource('${address}events');
        stream.onerror = () => done('refused');
        stream.addEventListener('state', () => done('heard'));
      })`;
      expect(await page.evaluate(heard)).toBe('refused');
      const inside = await Promise.all(
        page.frames().map((frame) =>
          frame
            .locator('#said')
            .count()
            .catch(() => 0),
        ),
      );
      expect(inside.every((n) => n === 0)).toBe(true);
    } finally {
      elsewhere.closeAllConnections();
      elsewhere.close();
    }
  });
});

describe('serve in a browser', () => {
  let server: LoopbackServer;
  beforeAll(async () => {
    for (const layout of ['single', 'split'] as const) {
      const dir = join(root, 'checkout', layout);
      mkdirSync(dir, { recursive: true });
      writeFileSync(join(dir, 'events.ndjson'), '');
      const none = () => Promise.resolve({ charts: [], reason: null });
      for (const file of (await renderAll(failResult(), sourceAssets(), layout, none)).files) {
        const path = join(dir, 'derived', file.path);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, file.bytes);
      }
    }
    server = await startLoopback(runsHandler(root), { port: 0, holdsProcess: false });
  });
  afterAll(() => server.close());

  it.each(['single', 'split'])(
    'leads from the index to a report of the %s layout that zooms in its sandbox',
    async (layout) => {
      const page = await shown(`http://127.0.0.1:${server.port}/`);
      expect(await page.locator('.strip a').count()).toBe(2);
      await page.locator(`td.run-name a[href*="/${layout}/"]`).click();
      expect(await page.locator('h1').innerText()).toBe('FAIL');
      await page.locator('#chart-throughput canvas').waitFor();
      expect(await page.evaluate('origin')).toBe('null');
      await page.keyboard.press('+');
      await page.locator('#zoom-reset').waitFor({ state: 'visible' });
      await page.keyboard.press('0');
      await page.locator('#zoom-reset').waitFor({ state: 'hidden' });
      await page.goBack();
      expect(await page.locator('h1').innerText()).toContain('runs');
      expect(trouble).toEqual([]);
    },
  );

  it('a split report opened as a file has its style and its script', async () => {
    const page = await shown(`file://${join(root, 'checkout/split/derived/report.html')}`);
    await page.locator('#chart-throughput canvas').waitFor();
    expect(await page.evaluate("getComputedStyle(document.querySelector('.tiles')).display")).not.toBe('block');
    expect(trouble).toEqual([]);
  });
});
