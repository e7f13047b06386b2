import type { RunResult } from '../domain/result.js';
import type { VerdictKind } from '../domain/verdict.js';

type Labels = Readonly<Record<string, string>>;
interface Sample {
  readonly suffix?: string;
  readonly labels?: Labels;
  readonly value: number | null;
}

interface Family {
  readonly name: string;
  readonly type: 'gauge' | 'info' | 'stateset';
  /** Seconds and ratios are said in the name too, as the format demands. */
  readonly unit?: 'seconds' | 'ratio';
  readonly help: string;
  readonly samples: readonly Sample[];
}

const VERDICTS: readonly VerdictKind[] = ['PASS', 'FAIL', 'INCONCLUSIVE', 'ERROR'];

/**
 * A run's figures in OpenMetrics 1.0 text (the textfile collector and Pushgateway read it): gauges of the last run, not
 * counters, for a run is over when this is written. What is not established has no sample. Times in seconds.
 */
export function openMetrics(result: RunResult): string {
  const { scenario } = result.run;
  const common = { scenario: scenario.name, environment: scenario.environment };
  return `${familiesOf(result)
    .map((family) => familyText(family, common))
    .join('')}# EOF\n`;
}

function familiesOf(result: RunResult): readonly Family[] {
  const { run, verdict, counts, claims, outages, latency } = result;
  const seconds = (ms: number | null) => (ms === null ? null : ms / 1000);
  const gauge = (name: string, help: string, value: number | null, unit?: Family['unit']): Family => ({
    name: unit === undefined ? name : `${name}_${unit}`,
    type: 'gauge',
    ...(unit === undefined ? {} : { unit }),
    help,
    samples: [{ value }],
  });
  const longest = outages.reduce((most, { durationEstimateMs }) => Math.max(most, durationEstimateMs), 0);
  return [
    {
      name: 'rollproof_run',
      type: 'info',
      help: 'The run these figures are of.',
      samples: [
        {
          suffix: '_info',
          labels: { run_id: run.id, version: run.scenario.rollout.version, tool_version: run.toolVersion },
          value: 1,
        },
      ],
    },
    gauge(
      'rollproof_run_started_timestamp',
      'When it began, Unix time.',
      Date.parse(run.startedAtWall) / 1000,
      'seconds',
    ),
    {
      name: 'rollproof_verdict',
      type: 'stateset',
      help: 'The verdict: the one state that is 1.',
      samples: VERDICTS.map((kind) => ({
        labels: { rollproof_verdict: kind },
        value: verdict.kind === kind ? 1 : 0,
      })),
    },
    {
      name: 'rollproof_requests',
      type: 'gauge',
      help: 'Arrivals in the judged window, by what became of them.',
      samples: [
        { labels: { outcome: 'ok' }, value: counts.judged - counts.failed - counts.unknown },
        { labels: { outcome: 'failed' }, value: counts.failed },
        { labels: { outcome: 'unknown' }, value: counts.unknown },
      ],
    },
    gauge('rollproof_disruption', 'Seconds in which at least one request failed.', counts.disruptionSeconds, 'seconds'),
    gauge('rollproof_outages', 'Outages in the judged window.', outages.length),
    gauge('rollproof_outage_longest', 'The longest outage, as estimated; 0 without any.', seconds(longest), 'seconds'),
    gauge('rollproof_deploy', 'First detach to the end of the last stage.', seconds(run.deployMs), 'seconds'),
    gauge('rollproof_deploy_asleep', 'Part of the deploy spent in sleep steps.', seconds(run.asleepMs), 'seconds'),
    gauge(
      'rollproof_failure_probability_upper',
      'Upper confidence bound of the failure probability.',
      claims.failureProbabilityUpper,
      'ratio',
    ),
    {
      name: 'rollproof_sleep_margin_seconds',
      type: 'gauge',
      unit: 'seconds',
      help: 'How much longer the sleep was than needed; negative = too short.',
      samples: claims.margins.map(({ target, marginMs }) => ({ labels: { target }, value: seconds(marginMs) })),
    },
    {
      name: 'rollproof_latency_seconds',
      type: 'gauge',
      unit: 'seconds',
      help: 'Latency percentiles before the deploy and in it.',
      samples: (['baseline', 'deploy'] as const).flatMap((window) =>
        (['p50', 'p95', 'p99', 'max'] as const).map((percentile) => ({
          labels: { window, percentile },
          value: seconds(latency[window]?.[percentile] ?? null),
        })),
      ),
    },
  ];
}

function familyText({ name, type, unit, help, samples }: Family, common: Labels): string {
  const lines = samples.flatMap(({ suffix = '', labels = {}, value }) =>
    value === null || Number.isNaN(value)
      ? []
      : [`${name}${suffix}${labelText({ ...common, ...labels })} ${numberText(value)}\n`],
  );
  if (lines.length === 0) return '';
  const head = `# TYPE ${name} ${type}\n${unit === undefined ? '' : `# UNIT ${name} ${unit}\n`}# HELP ${name} ${escaped(help)}\n`;
  return head + lines.join('');
}

function labelText(labels: Labels): string {
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',')}}`;
}

function escaped(text: string): string {
  // Half a surrogate pair is no UTF-8.
  return text.toWellFormed().replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
