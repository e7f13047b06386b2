import type { RunEvent } from '../domain/event.js';
import { type PlannedSteps, stepLabel } from '../domain/pipeline.js';
import type { TrafficProgress } from '../domain/ports.js';
import type { TargetId, TargetState } from '../domain/target.js';
import type { Instant } from '../domain/time.js';

/** What the live display knows: a fold over the run's own facts, never an input of the verdict. */
export interface ProgressState {
  readonly title: string;
  readonly elapsedMs: number;
  /** How long the run should take, or null when nobody can tell. */
  readonly estimatedMs: number | null;
  readonly steps: readonly StepProgress[];
  readonly targets: readonly TargetProgress[];
  readonly traffic: TrafficProgress | null;
  /** Events worth a line, oldest first; only ever appended to. */
  readonly log: readonly LogLine[];
}

export interface StepProgress {
  readonly label: string;
  readonly stage: string;
  readonly index: number;
  readonly state: 'waiting' | 'running' | 'done' | 'failed';
}

export interface TargetProgress {
  readonly target: TargetId;
  /** As the balancer last reported it; null before the first report. */
  readonly state: TargetState | null;
  /** Answers per second in the last reporting interval. */
  readonly perSecond: number;
  /** Its part of all identified answers in that interval, 0…1. */
  readonly share: number;
}

export interface LogLine {
  readonly at: Instant;
  readonly level: 'step' | 'info' | 'warn' | 'fail';
  /** Contains untrusted text: escape before printing. */
  readonly text: string;
}

/** The display before anything happened. */
export function initialProgress(
  title: string,
  pipeline: PlannedSteps,
  targets: readonly TargetId[],
  estimatedMs: number | null,
): ProgressState {
  return {
    title,
    elapsedMs: 0,
    estimatedMs,
    steps: pipeline.stages.flatMap((stage) =>
      stage.steps.map((step, index) => ({
        label: stepLabel(step),
        stage: stage.name,
        index,
        state: 'waiting' as const,
      })),
    ),
    targets: targets.map((target) => ({ target, state: null, perSecond: 0, share: 0 })),
    traffic: null,
    log: [],
  };
}

export function progressAt(state: ProgressState, now: Instant): ProgressState {
  return { ...state, elapsedMs: Math.max(state.elapsedMs, now) };
}

/** New figures of the traffic engine; the first failure gets a line of its own. */
export function progressAfterTraffic(state: ProgressState, traffic: TrafficProgress, now: Instant): ProgressState {
  const answers = Object.values(traffic.answeredBy).reduce((sum, n) => sum + n, 0);
  const targets = state.targets.map((t) => {
    const own = traffic.answeredBy[t.target] ?? 0;
    const perSecond = traffic.intervalMs > 0 ? (own * 1000) / traffic.intervalMs : 0;
    return { ...t, perSecond, share: answers === 0 ? 0 : own / answers };
  });
  const next = { ...progressAt(state, now), traffic, targets };
  const failedBefore = state.traffic?.failed ?? 0;
  if (failedBefore > 0 || traffic.failed === 0) return next;
  const running = state.steps.find((step) => step.state === 'running');
  const during = running === undefined ? '' : ` during ${running.label}`;
  return logged(next, { at: now, level: 'fail', text: `first failed request${during}` });
}

/** One fact of the run. */
export function progressAfterEvent(state: ProgressState, event: RunEvent): ProgressState {
  const next = changed(progressAt(state, event.at), event);
  const line = lineOf(event);
  return line === null ? next : logged(next, { at: event.at, ...line });
}

function changed(state: ProgressState, event: RunEvent): ProgressState {
  switch (event.kind) {
    case 'step-intent':
      return withStep(state, event, 'running');
    case 'step-done':
      return withStep(state, event, 'done');
    case 'step-failed':
      return withStep(state, event, 'failed');
    case 'target-observed': {
      const { target, state: reported } = event.health;
      return { ...state, targets: state.targets.map((t) => (t.target === target ? { ...t, state: reported } : t)) };
    }
    default:
      return state;
  }
}

function withStep(
  state: ProgressState,
  { stage, index }: { stage: string; index: number },
  to: StepProgress['state'],
): ProgressState {
  return {
    ...state,
    steps: state.steps.map((s) => (s.stage === stage && s.index === index ? { ...s, state: to } : s)),
  };
}

function lineOf(event: RunEvent): Omit<LogLine, 'at'> | null {
  switch (event.kind) {
    case 'traffic-started':
      return { level: 'info', text: `traffic started (${event.source})` };
    case 'traffic-stopped':
      return {
        level: event.error === null ? 'info' : 'warn',
        text: `traffic stopped (${event.source})${event.error === null ? '' : `: ${event.error}`}`,
      };
    case 'step-intent':
      return { level: 'step', text: stepLabel(event.step) };
    case 'step-failed':
      return { level: 'fail', text: `${stepLabel(event.step)} failed: ${event.error}` };
    case 'target-observed':
      return { level: 'info', text: `${event.health.target} is ${event.health.state}` };
    case 'app-observed':
      return { level: 'info', text: `${event.target} app ${event.what}` };
    case 'external-started':
      return {
        level: 'step',
        text: event.by === 'command' ? `deploy command: ${event.command.join(' ')}` : 'watching: start the deploy now',
      };
    case 'external-ended':
      return event.error === null
        ? { level: 'step', text: 'deploy command ended well' }
        : { level: 'fail', text: event.error };
    case 'stall':
      return { level: 'warn', text: `generator stalled for ${Math.round(event.to - event.from)} ms` };
    case 'recovery':
      return { level: event.ok ? 'info' : 'fail', text: `recovery of ${event.target}: ${event.message}` };
    case 'interrupted':
      return { level: 'warn', text: `${event.signal}: stopping and re-attaching` };
    case 'warning':
      return { level: 'warn', text: event.message };
    case 'run-ended':
      return {
        level: event.error === null ? 'info' : 'fail',
        text: `run ended, deploy ${event.deploy}${event.error === null ? '' : `: ${event.error}`}`,
      };
    default:
      return null;
  }
}

function logged(state: ProgressState, line: LogLine): ProgressState {
  return { ...state, log: [...state.log, line] };
}
