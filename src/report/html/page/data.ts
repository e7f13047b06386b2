// biome-ignore-all lint/correctness/noUnusedVariables: the page's scripts share one scope.
/// <reference types="uplot" />
// The page's script: plain scripts in one scope (see PAGE_SCRIPTS), no imports. Reads the data block, never the network.

interface PageLine {
  readonly label: string;
  readonly look: string;
  readonly dash: string;
  readonly area: boolean;
  readonly reduce: 'mean' | 'max';
  readonly values: readonly (number | null)[];
}
interface PageChart {
  readonly id: string;
  readonly unit: string;
  readonly lines: readonly PageLine[];
}
interface PageBand {
  readonly kind: string;
  readonly from: number;
  readonly to: number;
}
/** Mirrors PageData of page-data.ts. */
interface Page {
  readonly durationMs: number;
  readonly startedAtMs: number | null;
  readonly frame: { readonly left: number; readonly right: number };
  readonly from: number;
  readonly bucketMs: number;
  readonly charts: readonly PageChart[];
  readonly bands: readonly PageBand[];
  readonly steps: readonly { readonly from: number; readonly to: number; readonly label: string }[];
  readonly failures: readonly number[];
  readonly markdown: string;
}

type PageRun = number | null | readonly [number | null, number];

/** `[value, how many]` stands for equal neighbours (page-data.ts). */
const unrolled = (runs: readonly PageRun[]): (number | null)[] =>
  runs.flatMap((run) => (Array.isArray(run) ? new Array<number | null>(run[1]).fill(run[0]) : (run as number | null)));

const page: Page = (() => {
  const read = JSON.parse(document.getElementById('data')?.textContent ?? '{}') as Page;
  const charts = read.charts.map((chart) => ({
    ...chart,
    lines: chart.lines.map((line) => ({ ...line, values: unrolled(line.values as readonly PageRun[]) })),
  }));
  return { ...read, charts };
})();

/** Instants of failed requests, ascending, ms (the block holds differences). */
const failedAt: readonly number[] = (() => {
  let at = 0;
  return page.failures.map((difference) => {
    at += difference;
    return at;
  });
})();

/** Whether instants are shown as time of day (UTC) instead of as time since the run's start. */
const clockChoice = { isTimeOfDay: false };

/** `m:ss.d` of the run, or `hh:mm:ss.d` UTC. */
function clockText(ms: number, digits: number): string {
  if (clockChoice.isTimeOfDay && page.startedAtMs !== null)
    return new Date(page.startedAtMs + Math.round(ms))
      .toISOString()
      .slice(11, digits === 0 ? 19 : 20 + Math.min(digits, 3));
  const unit = 10 ** digits;
  const ticks = Math.round((ms / 1000) * unit);
  const seconds = Math.floor(ticks / unit);
  const part = digits === 0 ? '' : `.${String(ticks % unit).padStart(digits, '0')}`;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = `${String(seconds % 60).padStart(2, '0')}${part}`;
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}
