import { RollproofError } from '../domain/errors.js';
import type { AwaitCondition } from '../domain/pipeline.js';
import type { Balancer, TargetProbe, TrafficView } from '../domain/ports.js';
import type { Target, TargetHealth } from '../domain/target.js';
import { type Clock, formatDuration, type Instant } from '../domain/time.js';
import { isInService } from './safety/in-service.js';

const POLL_MS = 1000;

export interface AwaitRequest {
  readonly target: Target;
  readonly condition: AwaitCondition;
  readonly timeoutMs: number;
  /** The condition must hold without a break for this long. */
  readonly settleMs: number;
  /** The version an answer must show (`answers`, `seen`). */
  readonly version: string;
  /** Answers before this instant prove nothing (`seen`): that of the attach. */
  readonly since: Instant;
  /** `drained` behind a balancer whose state lags: the silence that shows it; absent = only the state does. */
  readonly silence?: Silence;
}

/** What is asked of the traffic before a target that still says `draining` is believed to be done. */
export interface Silence {
  /** Not shorter than the longest request that may still be in flight, ms. */
  readonly ms: number;
  /** Answers of others in a row that would be unlikely if the target still had its share. */
  readonly others: number;
}

/**
 * With `targets` sharing the traffic, so many answers in a row of others leave one chance in a thousand that the silent
 * one still has its share (verdict.md, leave-rotation wait); its longest request must have had time to end.
 */
export function silenceOf(targets: number, longestRequestMs: number, settleMs: number): Silence {
  return {
    ms: longestRequestMs + settleMs,
    others: Math.ceil(Math.log(0.001) / Math.log(1 - 1 / Math.max(2, targets))),
  };
}

export interface AwaitDeps {
  readonly balancer: Balancer;
  readonly probe: TargetProbe;
  readonly traffic: TrafficView;
  readonly clock: Clock;
}

/** What one look showed: whether the condition held, and the words for the error if it never does. */
interface Look {
  readonly holds: boolean;
  readonly said: string;
}

/**
 * Looks every second until the condition has held for the settle time. The SDK's own waiters are no use: they call a
 * draining target in service, and an unhealthy one deregistered; a state is (state, description, membership) here.
 * @throws RollproofError AWAIT_TIMEOUT with the last words of whoever was asked.
 */
export async function awaitTarget(request: AwaitRequest, deps: AwaitDeps, signal: AbortSignal): Promise<void> {
  const deadline = deps.clock.now() + request.timeoutMs;
  let heldSince: Instant | null = null;
  for (;;) {
    const { holds, said } = await look(request, deps, signal);
    if (signal.aborted) return;
    const now = deps.clock.now();
    const reachedAt = lastRequest(request, deps);
    heldSince = holds ? Math.max(heldSince ?? now, reachedAt) : null;
    // One answer through the balancer is a fact; only a state can flap.
    if (heldSince !== null && (request.condition === 'seen' || now - heldSince >= request.settleMs)) return;
    const reached = holds && now - reachedAt < request.settleMs;
    if (now + POLL_MS > deadline)
      throw timeout(request, reached ? 'requests still reach it through the load balancer' : said);
    await deps.clock.sleep(POLL_MS, signal);
  }
}

/**
 * The balancer's record is clean before its nodes are: a target to which one of them still routes is not drained,
 * whatever the API says. As good as the traffic's identity header: a target that does not name itself looks quiet.
 */
function lastRequest({ condition, target, since }: AwaitRequest, { traffic }: AwaitDeps): Instant {
  const last = condition === 'drained' ? traffic.silence(target.id, since).lastSentAt : null;
  return last ?? Number.NEGATIVE_INFINITY;
}

async function look(request: AwaitRequest, deps: AwaitDeps, signal: AbortSignal): Promise<Look> {
  const { target, condition, version, since } = request;
  if (condition === 'answers') {
    const answer = await deps.probe.ask(target, signal);
    if (answer === null) return { holds: true, said: 'its address is not known' };
    return { holds: answer.ok && (answer.version === null || answer.version === version), said: answer.said };
  }
  if (condition === 'seen') {
    const seen = deps.traffic.seenSince(target.id, version, since);
    return { holds: seen, said: `no good answer of ${version} came through the load balancer` };
  }
  const [health] = await deps.balancer.health([target], signal).catch(unlessUnreachable);
  if (health === undefined) return { holds: false, said: 'unknown, the load balancer did not answer' };
  const silent =
    condition === 'drained' && health.state === 'draining' && !health.registered && isSilent(request, deps);
  return { holds: silent || holds(health, condition), said: `${health.state}, ${health.description}` };
}

/** ELBv2 says `draining` for the whole delay: the traffic shows sooner that nothing is left. */
function isSilent({ target, since, silence }: AwaitRequest, deps: AwaitDeps): boolean {
  if (silence === undefined || deps.balancer.drainStateLags !== true) return false;
  const { ms, others } = deps.traffic.silence(target.id, since);
  return ms >= silence.ms && others >= silence.others;
}

/** A busy or silent API is asked again until the deadline; a refusal (no such balancer, no permission) is final. */
function unlessUnreachable(cause: unknown): readonly TargetHealth[] {
  if (cause instanceof RollproofError && cause.code === 'BALANCER_UNREACHABLE') return [];
  throw cause;
}

function holds(health: TargetHealth, condition: 'drained' | 'in-service'): boolean {
  return condition === 'drained' ? health.state === 'unused' && !health.registered : isInService(health);
}

const FAILED = {
  drained: ['was not drained', 'see which requests stay open, or lower the drain timeout'],
  'in-service': ['was not in service', 'see why its health check does not pass'],
  answers: ['did not answer with the new version', 'see the deploy log: did the new version start?'],
  seen: ['was not seen through the load balancer', 'is service.identity right, and does every zone reach the target?'],
} as const satisfies Record<AwaitCondition, readonly [string, string]>;

function timeout({ target, condition, timeoutMs }: AwaitRequest, said: string): RollproofError {
  const [failed, hint] = FAILED[condition];
  return new RollproofError('AWAIT_TIMEOUT', `${target.id} ${failed} after ${formatDuration(timeoutMs)}: ${said}`, {
    hint,
  });
}
