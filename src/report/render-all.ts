import type { ReportLayout } from '../domain/event.js';
import type { RunResult } from '../domain/result.js';
import { type RenderedCharts, renderCharts } from './charts/png.js';
import { renderFailures } from './failures.js';
import type { HtmlAssets } from './html/assets.js';
import { renderHtml, splitFiles } from './html/report-html.js';
import { renderJson } from './json.js';
import { renderJunit } from './junit.js';
import { renderMarkdown } from './markdown.js';

/** One file of `derived/`; `path` is relative to it, with `/`. */
export interface ReportFile {
  readonly path: string;
  readonly bytes: string | Uint8Array;
}

/** What to write, and what a person should know about what is missing. */
export interface RenderedReports {
  readonly files: readonly ReportFile[];
  readonly notes: readonly string[];
}

/** Every report of a result. Pure but for the pictures' native library; whoever calls this writes the files. */
export async function renderAll(
  result: RunResult,
  assets: Omit<HtmlAssets, 'charts'>,
  layout: ReportLayout = 'single',
  chartsOf: (result: RunResult) => Promise<RenderedCharts> = renderCharts,
): Promise<RenderedReports> {
  const { charts, reason } = await chartsOf(result);
  const all = { ...assets, charts };
  return {
    files: [
      { path: 'result.json', bytes: renderJson(result) },
      { path: 'report.html', bytes: renderHtml(result, all, layout) },
      ...(layout === 'split' ? splitFiles(all) : []),
      { path: 'report.md', bytes: renderMarkdown(result) },
      { path: 'junit.xml', bytes: renderJunit(result) },
      { path: 'failures.ndjson', bytes: renderFailures(result) },
      ...charts.map(({ name, png }) => ({ path: `charts/${name}`, bytes: png })),
    ],
    notes: reason === null ? [] : [reason],
  };
}
