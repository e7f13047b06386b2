import { ENGINE_ERRORS, ERROR_PHASES, type ErrorPhase } from '../../src/domain/sample.js';

interface Shape {
  readonly status: number;
  readonly text: string | null;
  readonly error: string | null;
  readonly phase: ErrorPhase;
  /** Whether the application's identity headers were read. */
  readonly isStamped: boolean;
}

function shape(
  status: number,
  error: string | null,
  phase: ErrorPhase,
  isStamped: boolean,
  text: string | null,
): Shape {
  return { status, text, error, phase, isStamped };
}

const CAPACITY = 'Service Unavailable: Back-end server is at capacity';

/** What a request can come to, as the generator writes it down. */
export const ANSWERS = {
  ok: shape(200, null, 'none', true, null),
  appError: shape(500, null, 'none', true, null),
  appBusy: shape(503, null, 'none', true, null),
  capacity: shape(503, null, 'none', false, CAPACITY),
  gatewayTimeout: shape(504, null, 'none', false, 'GATEWAY_TIMEOUT'),
  /** A balancer that does not sign: only the missing stamp speaks for it. */
  unsigned502: shape(502, null, 'none', false, 'Bad Gateway'),
  reset: shape(0, 'ECONNRESET', 'headers', false, null),
  truncated: shape(200, ENGINE_ERRORS.truncated, 'body', true, null),
  refused: shape(0, 'ECONNREFUSED', 'connect', false, null),
  tls: shape(0, 'EPROTO', 'tls', false, null),
  timeout: shape(0, ENGINE_ERRORS.timeout, 'headers', false, null),
  connectTimeout: shape(0, ENGINE_ERRORS.timeout, 'connect', false, null),
  dropped: shape(0, ENGINE_ERRORS.dropped, 'none', false, null),
  client: shape(0, 'EMFILE', 'connect', false, null),
  dns: shape(0, 'EAI_AGAIN', 'dns', false, null),
} as const satisfies Record<string, Shape>;

export type AnswerKind = keyof typeof ANSWERS;

const SHAPES: readonly Shape[] = Object.values(ANSWERS);

function dictionary(pick: (s: Shape) => string | null): readonly (string | null)[] {
  return [null, ...new Set(SHAPES.map(pick).filter((text) => text !== null))];
}

export const STATUS_TEXTS = dictionary((s) => s.text);
export const ERRORS = dictionary((s) => s.error);

/** A shape in the codes of the sample columns. */
export interface AnswerCodes {
  readonly status: number;
  readonly text: number;
  readonly error: number;
  readonly phase: number;
  readonly isStamped: boolean;
  /** A whole response was read, so the connection can be used again. */
  readonly isWhole: boolean;
}

/** The columns' codes of every kind of answer. */
export const ANSWER_CODES = Object.fromEntries(
  Object.entries(ANSWERS).map(([kind, s]: [string, Shape]) => [
    kind,
    {
      status: s.status,
      text: STATUS_TEXTS.indexOf(s.text),
      error: ERRORS.indexOf(s.error),
      phase: ERROR_PHASES.indexOf(s.phase),
      isStamped: s.isStamped,
      isWhole: s.error === null,
    },
  ]),
) as Record<AnswerKind, AnswerCodes>;

/** How long the fault takes to end a request, ms; timeouts take their own time. */
export function failsAfterMs(kind: AnswerKind, timeoutMs: number): number {
  if (kind === 'timeout' || kind === 'connectTimeout') return timeoutMs;
  return kind === 'refused' ? 0.4 : 1.5;
}
