import { RollproofError } from '../domain/errors.js';
import type { Balancer } from '../domain/ports.js';
import type { Clock, Instant } from '../domain/time.js';

/** One call that failed for now. */
export interface Retry {
  readonly operation: string;
  /** The attempt that failed, from 1. */
  readonly attempt: number;
  readonly delayMs: number;
  readonly error: string;
}

export interface RetryDeps {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly onRetry: (retry: Retry) => void;
}

/** Changes of membership are worth more patience than questions, which are asked again anyway. */
const CHANGE_DEADLINE_MS = 90_000;
const QUESTION_DEADLINE_MS = 20_000;
const UNANSWERED_DEADLINE_MS = 5_000;
/**
 * A registration, and a question about a target for as long after it, may say that it does not know the instance: the
 * API is eventually consistent (aws-sdk-ruby#1538).
 */
const INVALID_INSTANCE_MS = 60_000;
/** Classic's and ELBv2's word for it. */
const UNKNOWN_INSTANCE: ReadonlySet<unknown> = new Set(['InvalidInstance', 'InvalidTarget']);
const BASE_MS = 200;
const CAP_MS = 8_000;

/**
 * The same balancer, patient: what is throttled, answered with 5xx, timed out or never answered is asked again with
 * exponential backoff and full jitter (delay uniform in [0, min(cap, base × 2ⁿ)]) until a deadline. Every such call is
 * idempotent, so a lost acknowledgement is simply sent again. A refusal is final, but for an unknown instance at an attach and
 * for a minute after it. `inner` must not retry by itself.
 */
export function retryingBalancer(inner: Balancer, deps: RetryDeps): Balancer {
  const { clock } = deps;
  const patient: Patient = (operation, deadlineMs, call, signal, unknownUntil = Number.NEGATIVE_INFINITY) =>
    retried({ operation, until: clock.now() + deadlineMs, unknownUntil }, call, deps, signal);
  /** Instance → until when not knowing it may pass. */
  const young = new Map<string, Instant>();
  return {
    detach: (target, signal) =>
      patient(`detach ${target.id}`, CHANGE_DEADLINE_MS, () => inner.detach(target, signal), signal),
    async attach(target, signal) {
      const soon = clock.now() + INVALID_INSTANCE_MS;
      await patient(`attach ${target.id}`, CHANGE_DEADLINE_MS, () => inner.attach(target, signal), signal, soon);
      young.set(target.instance, clock.now() + INVALID_INSTANCE_MS);
    },
    health(targets, signal) {
      const soon = Math.max(...targets.map((t) => young.get(t.instance) ?? Number.NEGATIVE_INFINITY));
      return patient('health', QUESTION_DEADLINE_MS, () => inner.health(targets, signal), signal, soon);
    },
    describe: (signal) => inner.describe(signal),
    attachCommand: (target) => inner.attachCommand(target),
    ...(inner.drainStateLags === undefined ? {} : { drainStateLags: inner.drainStateLags }),
    ...(inner.lockTag === undefined ? {} : { lockTag: patientTag(inner.lockTag, patient) }),
    close: () => inner.close(),
  };
}

type Patient = <T>(
  operation: string,
  deadlineMs: number,
  call: () => Promise<T>,
  signal: AbortSignal,
  unknownUntil?: Instant,
) => Promise<T>;

/** How long one call is made again, by what it failed with. */
interface Patience {
  readonly operation: string;
  readonly until: Instant;
  /** InvalidInstance passes until then; elsewhere it is a refusal. */
  readonly unknownUntil: Instant;
}

function patientTag(tag: NonNullable<Balancer['lockTag']>, patient: Patient): NonNullable<Balancer['lockTag']> {
  return {
    read: (signal) => patient('read the lock tag', QUESTION_DEADLINE_MS, () => tag.read(signal), signal),
    write: (value, signal) =>
      patient('write the lock tag', QUESTION_DEADLINE_MS, () => tag.write(value, signal), signal),
    remove: (signal) => patient('remove the lock tag', QUESTION_DEADLINE_MS, () => tag.remove(signal), signal),
  };
}

/**
 * For one API call of a driver: a question of several calls would else have to be lucky with all of them at once.
 * A call that was aborted is not made again. An address that never answered is more likely wrong than busy, and gets
 * less patience.
 */
export function patientCall(deps: RetryDeps): <T>(call: () => Promise<T>) => Promise<T> {
  const never = new AbortController().signal;
  let answered = false;
  return (call) => {
    const watched = async () => {
      try {
        const reply = await call();
        answered = true;
        return reply;
      } catch (error) {
        if (!isUnanswered(error)) answered = true;
        throw error;
      }
    };
    const patienceMs = answered ? QUESTION_DEADLINE_MS : UNANSWERED_DEADLINE_MS;
    const until = deps.clock.now() + patienceMs;
    return retried({ operation: 'API call', until, unknownUntil: Number.NEGATIVE_INFINITY }, watched, deps, never);
  };
}

/** The SDK's connection errors carry the system's code and no word of the service. */
function isUnanswered(error: unknown): boolean {
  return (
    error instanceof RollproofError &&
    error.cause instanceof Error &&
    !('$metadata' in error.cause && '$fault' in error.cause)
  );
}

async function retried<T>(
  { operation, until, unknownUntil }: Patience,
  call: () => Promise<T>,
  { clock, random, onRetry }: RetryDeps,
  signal: AbortSignal,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      const delayMs = random() * Math.min(CAP_MS, BASE_MS * 2 ** (attempt - 1));
      const next = clock.now() + delayMs;
      const passes = isUnknownInstance(error) ? next <= unknownUntil : mayPass(error) && next <= until;
      if (signal.aborted || !passes) throw error;
      onRetry({ operation, attempt, delayMs, error: error instanceof Error ? error.message : String(error) });
      await clock.sleep(delayMs, signal);
      if (signal.aborted) throw error;
    }
  }
}

function mayPass(error: unknown): boolean {
  if (!(error instanceof RollproofError)) return false;
  if (error.cause instanceof Error && error.cause.name === 'AbortError') return false;
  return error.code === 'BALANCER_UNREACHABLE';
}

function isUnknownInstance(error: unknown): boolean {
  if (!(error instanceof RollproofError)) return false;
  const { cause } = error;
  return typeof cause === 'object' && cause !== null && 'Code' in cause && UNKNOWN_INSTANCE.has(cause.Code);
}
