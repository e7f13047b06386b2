import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { bundled, type HtmlAssets, PAGE_SCRIPTS, squeezed } from '../../../src/report/html/assets.js';
import type { LiveAssets } from '../../../src/report/live/live-page.js';

const root = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

const script = (name: string): string =>
  ts.transpileModule(read(`src/report/html/page/${name}.ts`), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.None, removeComments: true },
  }).outputText;

/** Style and script of the live page, likewise from the sources. */
export function sourceLiveAssets(): LiveAssets {
  return { css: squeezed(read('src/report/html/page.css')), js: bundled([script('live-run')]) };
}

/** Style of the index of runs, likewise. */
export const sourceIndexCss = (): string =>
  squeezed(`${read('src/report/html/page.css')}\n${read('src/report/runs/runs.css')}`);

/** The page's own assets straight from the sources, so that a stale build can never be what is tested. */
export function sourceAssets(): HtmlAssets {
  const parts = PAGE_SCRIPTS.map(script);
  return {
    css: squeezed(read('src/report/html/page.css')),
    pageJs: bundled(parts),
    uplotJs: read('node_modules/uplot/dist/uPlot.iife.min.js'),
    uplotCss: read('node_modules/uplot/dist/uPlot.min.css'),
    charts: [],
  };
}
