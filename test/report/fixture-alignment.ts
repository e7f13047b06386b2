import type { EventAlignment } from '../../src/domain/outage.js';
import type { Passage } from './fixture-plan.js';
import type { FakeSample } from './fixture-traffic.js';

/** Bins of a quarter second around the steps of each kind; the bounds only stand beside the share, they are not exact. */
export function alignmentOf(
  passages: readonly Passage[],
  judged: readonly FakeSample[],
  baseline: readonly FakeSample[],
): readonly EventAlignment[] {
  if (!judged.some((s) => s.failed)) return [];
  const all = [...baseline, ...judged];
  const steps = {
    detach: passages.map((p) => p.detachAt),
    deploy: passages.map((p) => p.appDownAt),
    attach: passages.map((p) => p.attachAt),
  };
  return (['detach', 'deploy', 'attach'] as const).map((event) => {
    const counts = Array.from({ length: 160 }, () => ({ requests: 0, failures: 0 }));
    for (const at of steps[event])
      for (const s of all) {
        const bin = counts[Math.floor((s.endedAt - at + 10_000) / 250)];
        if (bin === undefined) continue;
        bin.requests++;
        if (s.failed) bin.failures++;
      }
    const bins = counts.map(({ requests, failures }, i) => {
      const from = -10_000 + i * 250;
      const rate = requests === 0 ? null : failures / requests;
      const spread = requests === 0 ? 1 : 1.96 / Math.sqrt(requests);
      const share = rate ?? 0;
      const [lower, upper] = [Math.max(0, share - spread), Math.min(1, share + spread)];
      return { from, to: from + 250, failures, requests, rate, lower, upper };
    });
    const outages = event === 'attach' ? 0 : 1;
    return { event, events: 2, lagMs: 3000, outages, p: outages === 0 ? 1 : 0.25, bins };
  });
}
