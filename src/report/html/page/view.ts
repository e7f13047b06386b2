// biome-ignore-all lint/correctness/noUnusedVariables: the page's scripts share one scope.
// The one stretch of time that every chart shows, and the one instant the crosshair stands at.

interface View {
  readonly from: number;
  readonly to: number;
}

const wholeRun: View = { from: 0, to: Math.max(1, page.durationMs) };
const shortestMs = Math.max(50, Math.min(4 * page.bucketMs, wholeRun.to));
let view: View = wholeRun;
const viewWatchers: (() => void)[] = [];
const crossWatchers: ((at: number | null, by: object | null) => void)[] = [];

const isWhole = (): boolean => view.from <= wholeRun.from && view.to >= wholeRun.to;

/** Shows [from, to) ms everywhere, cut to the run and not shorter than a few buckets. */
function setView(from: number, to: number): void {
  const first = Math.min(Math.max(from, 0), wholeRun.to);
  const last = Math.min(Math.max(to, 0), wholeRun.to);
  const span = Math.max(last - first, shortestMs);
  const start = Math.min(Math.max((first + last - span) / 2, 0), wholeRun.to - span);
  view = { from: start, to: start + span };
  rememberView();
  for (const watch of viewWatchers) watch();
}

/** Keeps the address in step, so that what one sees can be sent to somebody. */
function rememberView(): void {
  const seconds = (ms: number): string => String(Math.round(ms) / 1000);
  const hash = isWhole() ? '#' : `#t=${seconds(view.from)}-${seconds(view.to)}`;
  try {
    history.replaceState(null, '', isWhole() && location.hash === '' ? location.href : hash);
  } catch {
    // A sandboxed frame may not touch its history: the zoom works without.
  }
}

const resetView = (): void => setView(wholeRun.from, wholeRun.to);

/** `#t=85-100` as ms, or null. */
function viewInHash(hash: string): View | null {
  const match = /^#t=(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)$/.exec(hash);
  if (match === null) return null;
  const from = Number(match[1]) * 1000;
  const to = Number(match[2]) * 1000;
  return to > from ? { from, to } : null;
}

/** Moves by a share of what is shown. */
function panView(share: number): void {
  const by = (view.to - view.from) * share;
  const kept = Math.min(Math.max(by, -view.from), wholeRun.to - view.to);
  setView(view.from + kept, view.to + kept);
}

/** Shows `factor` times as much, about the middle, moved where that would leave the run. */
function zoomView(factor: number): void {
  const span = Math.min((view.to - view.from) * factor, wholeRun.to);
  const start = Math.min(Math.max((view.from + view.to - span) / 2, 0), wholeRun.to - span);
  setView(start, start + span);
}

/** Puts the crosshair of every chart at an instant; `by` is the chart under the pointer. */
function setCross(at: number | null, by: object | null): void {
  for (const watch of crossWatchers) watch(at, by);
}

const tickStepsMs = [
  10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000,
  1_800_000, 3_600_000, 7_200_000,
];

/** Round instants of the axis in view, the same for every chart. */
function viewTicks(plotWidth: number): { readonly at: readonly number[]; readonly digits: number } {
  const span = view.to - view.from;
  const most = Math.max(2, Math.min(11, Math.floor(plotWidth / 70)));
  const step = tickStepsMs.find((s) => span / s <= most) ?? 14_400_000;
  const at: number[] = [];
  for (let t = Math.ceil(view.from / step - 1e-9) * step; t <= view.to + 1e-6; t += step) at.push(t);
  return { at, digits: step >= 1000 ? 0 : step >= 100 ? 1 : 2 };
}
