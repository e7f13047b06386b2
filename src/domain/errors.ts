/** The one exit-code table (docs/architecture.md §6). */
export const EXIT = {
  pass: 0,
  fail: 1,
  inconclusive: 2,
  refused: 3,
  usage: 64,
  unavailable: 69,
  internal: 70,
  interrupted: 130,
  terminated: 143,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Every way the program itself can fail, with its exit code. Verdict codes are apart (docs/verdict-codes.md). */
export const ERROR_CODES = {
  SCENARIO_INVALID: EXIT.usage,
  SCENARIO_NOT_FOUND: EXIT.usage,
  ARGUMENT_INVALID: EXIT.usage,
  RUN_DIRECTORY_INVALID: EXIT.usage,
  PREFLIGHT_REFUSED: EXIT.refused,
  POWER_INSUFFICIENT: EXIT.inconclusive,
  LOCK_HELD: EXIT.refused,
  CONFIRMATION_NEEDED: EXIT.refused,
  MIN_IN_SERVICE: EXIT.refused,
  STEP_FAILED: EXIT.refused,
  DEPLOY_FAILED: EXIT.refused,
  DEPLOY_TIMEOUT: EXIT.refused,
  AWAIT_TIMEOUT: EXIT.refused,
  BALANCER_REFUSED: EXIT.unavailable,
  BALANCER_UNREACHABLE: EXIT.unavailable,
  LAB_START_FAILED: EXIT.unavailable,
  TOOL_MISSING: EXIT.unavailable,
  ENGINE_BLIND: EXIT.unavailable,
  DISK_WRITE_FAILED: EXIT.internal,
  FACTS_FROM_THE_FUTURE: EXIT.usage,
  INTERRUPTED: EXIT.interrupted,
  INTERNAL: EXIT.internal,
} as const satisfies Record<string, ExitCode>;
export type ErrorCode = keyof typeof ERROR_CODES;

/** An error a person can act on: `message` says what is wrong, `hint` what to do about it. */
export class RollproofError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | null;
  constructor(code: ErrorCode, message: string, options: { hint?: string | null; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'RollproofError';
    this.code = code;
    this.hint = options.hint ?? null;
  }
  get exitCode(): ExitCode {
    return ERROR_CODES[this.code];
  }
}
