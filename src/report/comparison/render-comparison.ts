import type { Comparison } from '../../domain/comparison.js';
import { renderSweepChart } from '../charts/png.js';
import type { HtmlAssets } from '../html/assets.js';
import type { RenderedReports, ReportFile } from '../render-all.js';
import { comparisonCsv } from './csv.js';
import { comparisonHtml } from './html.js';
import { comparisonJson } from './json.js';
import { comparisonMarkdown } from './markdown.js';

/** Every report of a comparison. Pure but for the picture's native library; whoever calls this writes the files. */
export async function renderComparison(
  comparison: Comparison,
  assets: Pick<HtmlAssets, 'css'>,
  pictureOf: (comparison: Comparison) => Promise<Uint8Array> = renderSweepChart,
): Promise<RenderedReports> {
  const files: ReportFile[] = [
    { path: 'comparison.html', bytes: comparisonHtml(comparison, assets) },
    { path: 'comparison.md', bytes: comparisonMarkdown(comparison) },
    { path: 'comparison.json', bytes: comparisonJson(comparison) },
    { path: 'comparison.csv', bytes: comparisonCsv(comparison) },
  ];
  try {
    const png = await pictureOf(comparison);
    return { files: [...files, { path: 'charts/sweep.png', bytes: png }], notes: [] };
  } catch (error) {
    return { files, notes: [`no chart picture: ${error instanceof Error ? error.message : String(error)}`] };
  }
}
