import type { EventAlignment } from '../domain/outage.js';
import type { RunResult } from '../domain/result.js';
import { count, counted, duration, percent } from './figures.js';

/** A p-value up to this is more than an accident of timing would often give. */
const RARE = 0.05;
const PLURAL = { detach: 'detaches', deploy: 'deploys', attach: 'attaches' } as const;

/** What the pictures of failures around the steps can and cannot say; shown beside them everywhere. */
export const AROUND_LEAD =
  'All steps of one kind are laid over one another at 0 s; each request stands where it ended (a timeout where it was due). A request near two steps counts at both, so what one target’s step did also shows before or after the other target’s. This shows what lies together in time, not what caused it; neither the verdict nor the causes rest on it. Few steps cannot show much: “can be chance” is no sign that the two are unrelated.';

/** `the 2 detaches`, `the only detach`. */
export function stepsNamed({ event, events }: EventAlignment): string {
  return events === 1 ? `the only ${event}` : `the ${count(events)} ${PLURAL[event]}`;
}

/** Of the bins from the step on, the one with the highest share of failures, of several the one with most; or null. */
export function worstBin({ bins }: EventAlignment): EventAlignment['bins'][number] | null {
  const failing = bins.filter((b) => b.failures > 0 && b.from >= 0);
  return failing.reduce<EventAlignment['bins'][number] | null>((top, b) => {
    if (top === null) return b;
    const [share, best] = [b.rate ?? 0, top.rate ?? 0];
    return share > best || (share === best && b.failures > top.failures) ? b : top;
  }, null);
}

/** When after the steps of one kind most requests failed. */
export function aroundSentence(alignment: EventAlignment): string {
  const { event, bins } = alignment;
  const named = stepsNamed(alignment);
  const worst = worstBin(alignment);
  if (worst === null) {
    const before = bins.some((b) => b.failures > 0) ? '; what failed before is no consequence of it' : '';
    return `No request failed within ${duration(bins.at(-1)?.to ?? 0)} after ${named}${before}.`;
  }
  const { failures, requests } = worst;
  const share = failures === requests ? `all ${count(requests)}` : `${count(failures)} of ${count(requests)}`;
  const when = worst.from === 0 ? `right at the ${event}` : `${duration(worst.from)} after the ${event}`;
  return `After ${named} it was worst ${when}: ${share} requests failed within ${duration(worst.to - worst.from)}.`;
}

/** How much the timing of the outages says, in words that do not overstate it. */
export function chanceSentence({ outages, lagMs, p }: EventAlignment): string {
  if (outages === 0) return `No outage began within ${duration(lagMs)} after such a step.`;
  const began = `${counted(outages, 'outage')} began within ${duration(lagMs)} after such a step`;
  const moved = `with the steps moved to other moments of the run as many did in ${percent(p)} of the cases`;
  return `${began}; ${moved}: ${p <= RARE ? 'chance rarely does that' : 'that can be chance'}.`;
}

/** The worst stretch of any lane by its length: what a user in the worst place got. */
export function worstStretches({ claims }: RunResult): readonly string[] {
  return claims.minAvailability.map(
    ({ windowMs, ratio }) => `${percent(ratio, 'down')} in the worst ${duration(windowMs)}`,
  );
}

/** What those shares are, and are not. */
export const STRETCH_NOTE =
  'Share of requests answered well in the worst stretch of that length, of the lane that had the worst; measured, so no bound for stretches nobody sent in.';

/** How much longer a target’s sleep was than it had to be; a shortage that was not seen to its end says so. */
export function marginWords(marginMs: number | null): string {
  if (marginMs === null) return 'too short; by how much was not seen';
  return marginMs < 0 ? `${duration(-marginMs)} too short` : `${duration(marginMs)} to spare`;
}
