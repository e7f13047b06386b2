import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { RollproofError } from '../../domain/errors.js';
import type { Segment } from '../../domain/event.js';
import { LineSplitter } from '../foreign/line-splitter.js';
import type { ProcessHost } from '../foreign/process-host.js';
import { executionSegment } from '../segments.js';
import { freePort, k6Status, PAUSED_BEFORE_RUN, unpause } from './k6-api.js';
import { baseEnv } from './k6-tool.js';

export interface K6Command {
  readonly program: string;
  readonly script: string;
  /** Added to the scrubbed environment; secrets go here, never into argv. */
  readonly env: Readonly<Record<string, string>>;
  readonly systemTags: string;
  /** The part of the script's arrivals it fires; absent = all of them. */
  readonly segment?: Segment;
}

const READY_MS = 90_000;
const POLL_MS = 50;
/** k6 needs this long at most to end its iterations and write its last rows. */
const END_MS = 15_000;

/** Exit codes of k6 (errext/exitcodes) that say why it ended by itself. Never a verdict: rows are. */
const EXIT_WORDS: ReadonlyMap<number, string> = new Map([
  [0, 'the test was over'],
  [99, 'a threshold was crossed'],
  [103, 'it was stopped over its API'],
  [104, 'its configuration is invalid'],
  [105, 'it was interrupted'],
  [106, 'its API port was taken'],
  [107, 'the script threw an exception'],
  [108, 'the script aborted the test'],
  [109, 'it panicked'],
  [110, 'the script marked the test as failed'],
]);

/**
 * One k6 process, held at its barrier until `go`. Rows come as bytes on stdout (CSV), the log on stderr (JSON lines).
 */
export class K6Process {
  readonly #child: ChildProcess;
  readonly #port: number;
  readonly #errors: string[] = [];
  #isStopping = false;
  #exit: string | null = null;
  readonly #closed: Promise<void>;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.#port = port;
    const log = new LineSplitter();
    child.stderr?.on('data', (part: Buffer) =>
      log.push(part, (bytes, from, to) => this.#takeLog(bytes.toString('utf8', from, to))),
    );
    this.#closed = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#exit = error.message;
        resolve();
      });
      child.once('close', (code, signal) => {
        this.#exit = signal === null ? (EXIT_WORDS.get(code ?? -1) ?? `exit code ${code}`) : `signal ${signal}`;
        if (code !== 0 && code !== 105 && log.rest.length > 0)
          this.#errors.push(log.rest.toString('utf8').slice(0, 300));
        resolve();
      });
    });
  }

  /**
   * Starts k6 and waits until its VUs are ready and it stands at the barrier.
   * @throws RollproofError SCENARIO_INVALID with what k6 said when it ends instead.
   */
  static async atBarrier(command: K6Command, host: ProcessHost): Promise<K6Process> {
    const port = await freePort();
    const argv: [string, ...string[]] = [command.program, ...argvOf(command, port)];
    const started = new K6Process(
      host.start(argv, { env: { ...baseEnv(host), GODEBUG: 'http2client=0', ...command.env } }),
      port,
    );
    for (let waited = 0; waited < READY_MS && started.exited === null; waited += POLL_MS) {
      if ((await k6Status(port))?.status === PAUSED_BEFORE_RUN) return started;
      await host.sleep(POLL_MS);
    }
    const why = started.exited === null ? 'it did not get ready' : `it ended: ${started.exited}`;
    await started.stop(host);
    throw new RollproofError('SCENARIO_INVALID', `k6 cannot run ${command.script}: ${why}`, {
      hint: started.errors.slice(0, 3).join('\n') || 'run it by hand: k6 run',
    });
  }

  /** Bytes of the CSV stream, as they come. */
  onRows(take: (bytes: Buffer) => void): void {
    this.#child.stdout?.on('data', take);
  }

  go(): Promise<void> {
    return unpause(this.#port);
  }

  /** Why it ended, or null while it runs. */
  get exited(): string | null {
    return this.#exit;
  }

  /** What it logged as errors: exceptions of the script above all. */
  get errors(): readonly string[] {
    return this.#errors;
  }

  get closed(): Promise<void> {
    return this.#closed;
  }

  /** CPU time so far, ms; 0 where the system does not tell. */
  get cpuMs(): number {
    try {
      const fields = readFileSync(`/proc/${this.#child.pid}/stat`, 'latin1')
        .replace(/^.*\) /s, '')
        .split(' ');
      return (Number(fields[11]) + Number(fields[12])) * 10;
    } catch (gone) {
      void gone;
      return 0;
    }
  }

  /** Asks it to end, so that it writes its last rows; false when it had to be killed and rows may be lost. */
  async stop(host: ProcessHost): Promise<boolean> {
    this.#isStopping = true;
    if (this.#exit === null) this.#child.kill('SIGINT');
    const ended = await Promise.race([this.#closed.then(() => true), host.sleep(END_MS).then(() => false)]);
    if (!ended) {
      this.#child.kill('SIGKILL');
      await this.#closed;
    }
    return ended;
  }

  #takeLog(line: string): void {
    const entry = logEntry(line);
    if (entry === null) return;
    if (this.#isStopping && /aborted because k6 received/.test(entry)) return;
    if (this.#errors.length < 20) this.#errors.push(entry.slice(0, 300));
  }
}

/** Only `level=error` and what is no log line at all (a panic) matters; every failed request is a warning. */
function logEntry(line: string): string | null {
  try {
    const entry = JSON.parse(line) as { level?: string; msg?: string; error?: string };
    return entry.level === 'error' || entry.level === 'fatal' ? `${entry.msg ?? ''} ${entry.error ?? ''}`.trim() : null;
  } catch (plain) {
    void plain;
    return line.trim() === '' ? null : line;
  }
}

function argvOf(command: K6Command, port: number): string[] {
  return [
    'run',
    '--quiet',
    '--no-color',
    '--summary-mode=disabled',
    '--no-thresholds',
    '--log-format=json',
    '--log-output=stderr',
    '--out',
    'csv=fileName=-,timeFormat=unix_nano,saveInterval=100ms',
    `--system-tags=${command.systemTags}`,
    '--paused',
    `--address=127.0.0.1:${port}`,
    ...segmentFlags(command.segment),
    command.script,
  ];
}

function segmentFlags(given: Segment | undefined): string[] {
  if (given === undefined || given.count === 1) return [];
  const { segment, sequence } = executionSegment(given);
  return [`--execution-segment=${segment}`, `--execution-segment-sequence=${sequence}`];
}
