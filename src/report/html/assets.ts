import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** A chart as picture, e.g. for a ticket; `name` is its file name. */
export interface ChartImage {
  readonly name: string;
  readonly title: string;
  readonly png: Uint8Array;
}

/** What is inlined into the page beside the result. All of it is the program's own and trusted. */
export interface HtmlAssets {
  readonly css: string;
  readonly pageJs: string;
  readonly uplotJs: string;
  readonly uplotCss: string;
  readonly charts: readonly ChartImage[];
}

/** The page's scripts in the order they share one scope. */
export const PAGE_SCRIPTS = ['data', 'view', 'lanes', 'charts', 'controls', 'start'] as const;

/** Without indentation and empty lines: neither file has a string that spans lines. */
export const unindented = (text: string): string => text.replace(/^\s+/gm, '').replace(/\/\*[^*]*\*\/\n?/g, '');

/** A style sheet without comments and spare white space; no string in it holds `{};,`. */
export const squeezed = (css: string): string => unindented(css).replace(/\s*([{};,])\s*/g, '$1');

/** One block for the page's script: the parts in one function scope, so nothing of it becomes a global. */
export const bundled = (parts: readonly string[]): string =>
  `(()=>{'use strict';\n${unindented(parts.join('\n'))}\n})();`;

/**
 * Reads the page's style and script and uPlot from beside this compiled file. `readFile` gives a file as text;
 * `charts` are passed on (empty where PNGs are not made).
 */
export function loadHtmlAssets(readFile: (path: string) => string, charts: readonly ChartImage[] = []): HtmlAssets {
  // A parser turns CRLF into LF before a browser hashes the block; a checkout on Windows must not break the policy.
  const read = (path: string): string => readFile(path).replace(/\r\n/g, '\n');
  const own = (name: string): string => read(fileURLToPath(new URL(name, import.meta.url)));
  const uplot = createRequire(import.meta.url).resolve('uplot/dist/uPlot.iife.min.js');
  return {
    css: squeezed(own('./page.css')),
    pageJs: bundled(PAGE_SCRIPTS.map((name) => own(`./page/${name}.js`))),
    uplotJs: read(uplot),
    uplotCss: read(uplot.replace(/uPlot\.iife\.min\.js$/, 'uPlot.min.css')),
    charts,
  };
}
