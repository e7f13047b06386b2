import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { HtmlAssets } from '../../../src/report/html/assets.js';
import { renderHtml } from '../../../src/report/html/report-html.js';
import { passResult } from '../fixture-results.js';
import { blocksOf } from './skeleton.js';

const built = new URL('../../../dist/report/html/', import.meta.url);

it('loads the built page: own style and script, uPlot, in one scope', async (ctx) => {
  if (!existsSync(new URL('page/start.js', built)) || !existsSync(new URL('page.css', built))) {
    const words = 'dist/ is not built: the built assets of the HTML report were NOT tested. Run npm run build.';
    if (process.env.ROLLPROOF_REQUIRE_TOOLS === '1') throw new Error(words);
    // biome-ignore lint/suspicious/noConsole: a skipped test must be seen.
    console.warn(`SKIPPED: ${words}`);
    ctx.skip(words);
  }
  const loader = (await import(new URL('assets.js', built).href)) as {
    loadHtmlAssets(readFile: (path: string) => string): HtmlAssets;
  };
  // As on a checkout with Windows line ends: the policy's hashes must still fit what a parser sees.
  const assets = loader.loadHtmlAssets((path) => readFileSync(path, 'utf8').replace(/\r?\n/g, '\r\n'));
  expect(assets.uplotJs).toContain('uPlot');
  expect(assets.css).toContain('.banner');
  expect(assets.pageJs).toMatch(/^\(\(\)=>\{'use strict';[\s\S]*startPictures\(\);[\s\S]*\}\)\(\);$/);
  expect(() => new Function(assets.pageJs)).not.toThrow();
  const page = renderHtml(passResult(), assets);
  expect(page).not.toContain('\r');
  expect(blocksOf(page, 'script')).toEqual([assets.uplotJs, assets.pageJs]);
});
