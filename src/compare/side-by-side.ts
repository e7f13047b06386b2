import {
  type Change,
  COMPARISON_SCHEMA,
  type Comparison,
  type RunSummary,
  type StudyRun,
  type Variant,
} from '../domain/comparison.js';
import { formatDuration } from '../domain/time.js';
import { placeKey } from './place.js';
import { variantRow } from './variant-rows.js';

const ALPHA = 0.05;

/** Existing runs beside each other, every one against the first. Lays out and marks; pools nothing and recommends nothing. */
export function sideBySide(runs: readonly [RunSummary, ...RunSummary[]], command: readonly string[]): Comparison {
  const [first] = runs;
  const studyRuns: StudyRun[] = runs.map((summary, variant) => ({
    variant,
    block: 0,
    attempt: 1,
    counted: summary.verdict === 'PASS' || summary.verdict === 'FAIL',
    summary,
  }));
  const rows = studyRuns.map((run) =>
    variantRow({
      variant: variantOf(run.summary),
      attempts: [run],
      givenUp: 0,
      alpha: ALPHA,
      currentDeployMs: first.deployMs,
      recommendations: [],
      fitted: null,
    }),
  );
  const changes = runs.slice(1).map((run, i) => ({ run: i + 1, changes: changesBetween(first, run) }));
  return {
    schema: COMPARISON_SCHEMA,
    kind: 'runs',
    name: [...new Set(runs.map((r) => r.scenario))].join(', '),
    place: first.place,
    toolVersion: first.toolVersion,
    startedAt: first.startedAt,
    command,
    scenarioFile: null,
    seed: null,
    repeats: null,
    complete: true,
    targets: first.targets.length,
    alpha: ALPHA,
    limit: 0,
    headline: headline(runs, changes),
    standing: 'none',
    rows,
    runs: studyRuns,
    recommendations: [],
    changes,
    proves: [],
    doesNotProve: notProven(runs),
  };
}

function variantOf(run: RunSummary): Variant {
  const { runId: label, afterDetachMs, afterAttachMs, wait } = run;
  return { label, group: '', afterDetachMs, afterAttachMs, wait, overrides: [] };
}

function headline(runs: readonly RunSummary[], changes: Comparison['changes']): string {
  const verdicts = runs.map((r) => r.verdict).join(', ');
  const all = changes.flatMap((c) => c.changes);
  const count = (judgement: Change['judgement']): number => all.filter((c) => c.judgement === judgement).length;
  return `${runs.length} runs: ${verdicts}. Against the first, ${count('worse')} figures are worse and ${count('better')} better.`;
}

function notProven(runs: readonly RunSummary[]): string[] {
  const places = new Set(runs.map((r) => placeKey(r.place)));
  return [
    'One run each: a difference may be chance. A study (rollproof compare SCENARIO --sleep …) repeats runs in random order.',
    ...(places.size > 1
      ? ['The runs are of different environments or balancers: they may be looked at together, never counted together.']
      : []),
  ];
}

/** A figure of a run: by how much it must differ to be called a difference, and which way is better. */
interface Figure {
  readonly what: string;
  readonly of: (run: RunSummary) => number | null;
  readonly text: (value: number) => string;
  readonly better: 'less' | 'more';
  readonly least: number;
  readonly share: number;
}

const FIGURES: readonly Figure[] = [
  { what: 'failed requests', of: (r) => r.failed, text: String, better: 'less', least: 0, share: 0 },
  { what: 'longest outage', of: (r) => r.longestOutageMs, text: formatDuration, better: 'less', least: 20, share: 0.1 },
  { what: 'deploy time', of: (r) => r.deployMs, text: formatDuration, better: 'less', least: 500, share: 0.05 },
  { what: 'p99 in the deploy', of: (r) => r.p99DeployMs, text: formatDuration, better: 'less', least: 5, share: 0.1 },
  { what: 'sleep margin', of: (r) => r.marginMs, text: formatDuration, better: 'more', least: 100, share: 0.1 },
];

const RANK = { PASS: 0, INCONCLUSIVE: 1, ERROR: 1, FAIL: 2 } as const;

/** Differences that are more than the figure's own noise; those within it are `same`. */
export function changesBetween(from: RunSummary, to: RunSummary): Change[] {
  const step = RANK[to.verdict] - RANK[from.verdict];
  const verdict: Change = {
    what: 'verdict',
    from: from.verdict,
    to: to.verdict,
    judgement: step < 0 ? 'better' : step > 0 ? 'worse' : 'same',
  };
  return [verdict, ...FIGURES.map((figure) => changeOf(figure, from, to))];
}

function changeOf(figure: Figure, from: RunSummary, to: RunSummary): Change {
  const [a, b] = [figure.of(from), figure.of(to)];
  const text = (value: number | null): string => (value === null ? 'unknown' : figure.text(value));
  const shown = { what: figure.what, from: text(a), to: text(b) };
  if (a === null || b === null) return { ...shown, judgement: 'same' };
  const isNoise = Math.abs(b - a) <= Math.max(figure.least, figure.share * Math.abs(a));
  if (isNoise) return { ...shown, judgement: 'same' };
  return { ...shown, judgement: b < a === (figure.better === 'less') ? 'better' : 'worse' };
}
