import type { RunResult } from '../domain/result.js';

/** Body of `POST /api/annotations` for a region; times in ms since the epoch. */
export interface GrafanaAnnotation {
  readonly time: number;
  readonly timeEnd: number;
  readonly tags: readonly string[];
  readonly text: string;
}

/** More outages than that tell nobody anything; Grafana answers each post apart. */
const OUTAGES_MAX = 100;

/**
 * A run as Grafana region annotations: the run itself, each phase, each step and each outage, to be shown on any
 * dashboard by their tags. Grafana renders the text as HTML, so what others wrote is escaped.
 */
export function grafanaAnnotations(result: RunResult): readonly GrafanaAnnotation[] {
  const { run, verdict, phases, timeline, outages } = result;
  const origin = Date.parse(run.startedAtWall);
  const common = ['rollproof', `scenario:${run.scenario.name}`, `environment:${run.scenario.environment}`];
  const region = (
    kind: string,
    from: number,
    to: number,
    text: string,
    ...more: readonly string[]
  ): GrafanaAnnotation => ({
    time: Math.round(origin + from),
    timeEnd: Math.round(origin + Math.max(from, to)),
    tags: [...common, `kind:${kind}`, ...more].map((tag) => tag.toWellFormed()),
    text: html(text),
  });
  return [
    region('run', 0, run.durationMs, `${verdict.kind}: ${verdict.sentence}`, `verdict:${verdict.kind}`),
    ...phases.map(({ phase, failed, requests }) =>
      region(
        'phase',
        phase.from,
        phase.to,
        `${phase.id}: ${failed} of ${requests} requests failed`,
        `phase:${phase.kind}`,
        ...(phase.target === null ? [] : [`target:${phase.target}`]),
      ),
    ),
    ...timeline.steps.map((step) =>
      region('step', step.from, step.to, `${step.stage}: ${step.label} (${step.state})`, `step:${step.kind}`),
    ),
    ...outages
      .slice(0, OUTAGES_MAX)
      .map((outage) =>
        region(
          'outage',
          Math.min(outage.startHi, outage.endLo),
          Math.max(outage.startHi, outage.endLo),
          `${outage.failures} requests failed: ${outage.causes[0].sentence}`,
          `outage:${outage.kind}`,
        ),
      ),
  ];
}

function html(text: string): string {
  return text
    .toWellFormed()
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
