import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { bundled, type HtmlAssets, PAGE_SCRIPTS, squeezed } from '../../../src/report/html/assets.js';

const root = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

/** The page's own assets straight from the sources, so that a stale build can never be what is tested. */
export function sourceAssets(): HtmlAssets {
  const parts = PAGE_SCRIPTS.map(
    (name) =>
      ts.transpileModule(read(`src/report/html/page/${name}.ts`), {
        compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.None, removeComments: true },
      }).outputText,
  );
  return {
    css: squeezed(read('src/report/html/page.css')),
    pageJs: bundled(parts),
    uplotJs: read('node_modules/uplot/dist/uPlot.iife.min.js'),
    uplotCss: read('node_modules/uplot/dist/uPlot.min.css'),
    charts: [],
  };
}
