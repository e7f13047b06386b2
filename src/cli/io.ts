/** The process as an argument: commands touch nothing else of it. */
export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Whether a person can answer a question. */
  readonly stdinIsTty: boolean;
  /** The answer, or null when there is none: end of input, Ctrl-C. */
  ask(question: string): Promise<string | null>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** argv words that start this very program. */
  readonly self: readonly [string, ...string[]];
  readonly tools: Readonly<Record<string, string>>;
  monotonicNs(): bigint;
  wallTime(): Date;
  /** 128 random bits as hexadecimal digits. */
  randomToken(): string;
  /** Opens a page in the user's browser without waiting for it; false when there is none to start. */
  openInBrowser(address: string): Promise<boolean>;
  /** Calls back on SIGINT, SIGTERM and SIGHUP until the returned function is called; nothing ends by itself then. */
  onSignal(handler: (signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') => void): () => void;
  /** Calls back on an exception that nobody caught, until the returned function is called; without it the process ends with 70. */
  onFault(handler: (cause: unknown) => void): () => void;
  /** Ends at once, whatever is under way. */
  exitNow(code: number): never;
}

export interface Output {
  write(text: string): void;
  readonly isTty: boolean;
  readonly columns: number;
  readonly rows: number;
}

/** Colour for people only: a terminal that nobody asked to stay plain. */
export function wantsColour(out: Output, env: Io['env']): boolean {
  if ((env.NO_COLOR ?? '') !== '') return false;
  if ((env.FORCE_COLOR ?? '') !== '') return env.FORCE_COLOR !== '0';
  return out.isTty && env.TERM !== 'dumb';
}
