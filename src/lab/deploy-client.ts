import { appendFileSync } from 'node:fs';
import { request } from 'node:http';
import type { DeployLine } from './control.js';

/** Exit codes of `rollproof lab deploy`; 64 = the environment does not say what to do. */
const EXIT_OK = 0;
const EXIT_FAILED = 1;
const EXIT_USAGE = 64;

const REQUIRED = ['ROLLPROOF_LAB_CONTROL', 'ROLLPROOF_LAB_TOKEN', 'ROLLPROOF_VERSION'] as const;

/**
 * The deploy command of lab scenarios: asks the lab to put ROLLPROOF_VERSION on ROLLPROOF_INSTANCE (or
 * ROLLPROOF_TARGET), prints what happens and appends each change to ROLLPROOF_MARK_FILE, if set, as it is told.
 * @param write prints one line, without its end.
 * @returns the exit code: 0, 1 when the deploy failed, 64 when a variable is missing.
 */
export async function deployThroughLab(
  env: Readonly<Record<string, string | undefined>>,
  write: (line: string) => void,
): Promise<number> {
  const missing: string[] = REQUIRED.filter((name) => !env[name]);
  const name = env.ROLLPROOF_INSTANCE || env.ROLLPROOF_TARGET;
  if (!name) missing.push('ROLLPROOF_TARGET');
  if (missing.length > 0) {
    write(`rollproof lab deploy: not set: ${missing.join(', ')}`);
    write('It is meant as the deploy command of a scenario whose balancer is the lab; `rollproof run` sets these.');
    return EXIT_USAGE;
  }
  const report = new DeployReport(env.ROLLPROOF_MARK_FILE || null, write);
  try {
    const url = new URL('/deploy', env.ROLLPROOF_LAB_CONTROL);
    const body = JSON.stringify({ instance: name, version: env.ROLLPROOF_VERSION });
    await post(url, env.ROLLPROOF_LAB_TOKEN!, body, (line) => report.take(line));
  } catch (cause) {
    write(
      printable(
        `rollproof lab deploy: the lab cannot be reached: ${cause instanceof Error ? cause.message : String(cause)}`,
      ),
    );
    return EXIT_FAILED;
  }
  return report.exitCode();
}

/** What the control answers to an order it does not take. */
interface Refusal {
  readonly kind?: undefined;
  readonly error: string;
}

/** Turns the control's lines into printed lines, marks and the exit code. */
class DeployReport {
  readonly #markFile: string | null;
  readonly #write: (line: string) => void;
  #end: 'done' | 'error' | null = null;

  constructor(markFile: string | null, write: (line: string) => void) {
    this.#markFile = markFile;
    this.#write = write;
  }

  take(text: string): void {
    const line = JSON.parse(text) as DeployLine | Refusal;
    if (line.kind === 'mark') this.#mark(line.mark);
    else if (line.kind === 'stopped' || line.kind === 'started') {
      this.#write(printable(`${line.kind} ${line.version} on ${line.target} (pid ${line.pid ?? '?'})`));
    } else if (line.kind === 'done') this.#end = 'done';
    else {
      this.#end = 'error';
      this.#write(printable(`rollproof lab deploy: ${'error' in line ? line.error : text}`));
    }
  }

  exitCode(): number {
    if (this.#end === null) this.#write('rollproof lab deploy: the lab ended before the deploy did');
    return this.#end === 'done' ? EXIT_OK : EXIT_FAILED;
  }

  #mark(mark: { readonly what: string; readonly target: string; readonly monotonicNs: string }): void {
    if (this.#markFile === null) return;
    const { what, target, monotonicNs } = mark;
    try {
      appendFileSync(this.#markFile, `${JSON.stringify({ what, target, monotonicNs })}\n`);
    } catch (cause) {
      // The deploy itself goes well; only its exact times are lost, and that must be seen.
      this.#write(
        printable(
          `warning: '${what}' is not in the mark file: ${cause instanceof Error ? cause.message : String(cause)}`,
        ),
      );
    }
  }
}

/** Posts and hands over the answer's lines as they come; rejects when the connection breaks. */
function post(url: URL, token: string, body: string, onLine: (line: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = {
      Authorization: `Bearer ${token}`,
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
    };
    const outgoing = request(url, { method: 'POST', headers, agent: false }, (response) => {
      let rest = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        try {
          for (const line of lines) onLine(line);
        } catch (cause) {
          outgoing.destroy();
          reject(new Error('its answer makes no sense', { cause }));
        }
      });
      response.once('error', reject);
      response.once('close', resolve);
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

/** Text from the other side, made safe for a terminal. */
function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd');
}
