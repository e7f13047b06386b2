import { createHash } from 'node:crypto';
import type { RunResult } from '../domain/result.js';
import type { Span } from '../domain/time.js';
import type { VerdictKind } from '../domain/verdict.js';

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue: string } | { readonly intValue: string } | { readonly doubleValue: number };
}

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly status: { readonly code?: number; readonly message?: string };
}

/** Numbers of the protocol (opentelemetry/proto/trace/v1): span kinds, status. */
const KIND = { internal: 1, server: 2 } as const;
const STATUS_ERROR = 2;

const RESULTS: Readonly<Record<VerdictKind, string>> = {
  PASS: 'success',
  FAIL: 'failure',
  INCONCLUSIVE: 'error',
  ERROR: 'error',
};

/**
 * The run as one trace in OTLP/JSON (an ExportTraceServiceRequest): run › stage › step, with the attributes of
 * OpenTelemetry's conventions for CI/CD and deployments. Ids are made of the run's id, so that sending a run again does
 * not make a second trace.
 */
export function otlpSpans(result: RunResult): object {
  const { run } = result;
  return {
    resourceSpans: [
      {
        resource: {
          attributes: attributes({ 'service.name': 'rollproof', 'service.version': run.toolVersion }),
        },
        scopeSpans: [{ scope: { name: 'rollproof', version: run.toolVersion }, spans: spansOf(result) }],
      },
    ],
  };
}

function spansOf(result: RunResult): readonly OtlpSpan[] {
  const { run, verdict, timeline } = result;
  const traceId = digest(run.id, 32);
  const rootId = digest(`${run.id}\nrun`, 16);
  const stageId = (index: number) => digest(`${run.id}\nstage ${index}`, 16);
  const times = timesFrom(Date.parse(run.startedAtWall));
  const root: OtlpSpan = {
    traceId,
    spanId: rootId,
    name: `rollproof ${run.scenario.name}`,
    kind: KIND.server,
    ...times({ from: 0, to: run.durationMs }),
    attributes: attributes(runAttributes(result)),
    status: verdict.kind === 'FAIL' ? { code: STATUS_ERROR, message: verdict.sentence } : {},
  };
  const stages = timeline.stages.map(
    ({ name, span, ok }, index): OtlpSpan => ({
      traceId,
      spanId: stageId(index),
      parentSpanId: rootId,
      name: `stage ${name}`,
      kind: KIND.internal,
      ...times(span),
      attributes: attributes(taskAttributes(name, `${run.id}/${index}`, ok ? 'success' : 'failure')),
      status: ok ? {} : { code: STATUS_ERROR },
    }),
  );
  const steps = timeline.steps.map((step, i): OtlpSpan => {
    const stage = timeline.stages.findIndex(({ name }) => name === step.stage);
    const ok = step.state === 'done';
    const { error, target } = step;
    return {
      traceId,
      spanId: digest(`${run.id}\nstep ${i}`, 16),
      parentSpanId: stage < 0 ? rootId : stageId(stage),
      name: step.label,
      kind: KIND.internal,
      ...times(step),
      attributes: attributes({
        ...taskAttributes(step.label, `${run.id}/${step.stage}/${step.index}`, ok ? 'success' : 'failure'),
        'rollproof.step.kind': step.kind,
        ...(target === null ? {} : { 'rollproof.target': target }),
      }),
      status: ok ? {} : { code: STATUS_ERROR, ...(error === null ? {} : { message: error }) },
    };
  });
  return [root, ...stages, ...steps];
}

function runAttributes({ run, verdict, counts }: RunResult): Readonly<Record<string, string | number>> {
  const { scenario } = run;
  return {
    'cicd.pipeline.name': scenario.name,
    'cicd.pipeline.run.id': run.id,
    'cicd.pipeline.result': RESULTS[verdict.kind],
    'deployment.id': run.id,
    'deployment.name': `${scenario.name} ${scenario.rollout.version}`,
    'deployment.environment.name': scenario.environment,
    'deployment.status': run.deploy === 'complete' ? 'succeeded' : 'failed',
    'rollproof.verdict': verdict.kind,
    'rollproof.codes': verdict.codes.join(' '),
    'rollproof.requests.judged': counts.judged,
    'rollproof.requests.failed': counts.failed,
  };
}

function taskAttributes(name: string, id: string, result: 'success' | 'failure'): Readonly<Record<string, string>> {
  return {
    'cicd.pipeline.task.name': name,
    'cicd.pipeline.task.type': 'deploy',
    'cicd.pipeline.task.run.id': id,
    'cicd.pipeline.task.run.result': result,
  };
}

function attributes(values: Readonly<Record<string, string | number>>): readonly Attribute[] {
  return Object.entries(values).map(([key, value]) => ({
    key,
    // 64-bit numbers are text in JSON.
    value: typeof value === 'number' ? { intValue: String(Math.round(value)) } : { stringValue: value.toWellFormed() },
  }));
}

/** Instants as Unix nanoseconds, exact to the µs. */
function timesFrom(originMs: number): (span: Span) => Pick<OtlpSpan, 'startTimeUnixNano' | 'endTimeUnixNano'> {
  const nano = (at: number) => String(BigInt(originMs) * 1_000_000n + BigInt(Math.round(at * 1000)) * 1000n);
  return ({ from, to }) => ({ startTimeUnixNano: nano(from), endTimeUnixNano: nano(Math.max(from, to)) });
}

/** So many hexadecimal digits of the text's SHA-256: never all zeros in practice, as an id must not be. */
function digest(text: string, digits: 16 | 32): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}
