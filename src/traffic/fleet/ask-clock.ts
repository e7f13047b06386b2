import * as http from 'node:http';
import * as https from 'node:https';
import type { ClockBounds } from './clock-offset.js';

export interface ClockQuestion {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Response header that tells servers apart. */
  readonly targetHeader: string;
  readonly insecure: boolean;
  readonly timeoutMs: number;
}

const ASKS = 120;
const SPAN_MS = 5000;
/** Steps of the golden ratio fall evenly between the ticks of any clock. */
const GOLDEN = 0.618_033_988_75;

/**
 * Asks the service for its time until the bounds are narrow: so this machine's clock is compared with the same servers
 * that the traffic elsewhere was answered by. One request at a time, `ASKS` of them within some five seconds.
 * Returns how many answers said their time; an answer that fails is none.
 */
export async function askClock(
  question: ClockQuestion,
  bounds: ClockBounds,
  { wallMs, sleep }: { readonly wallMs: () => number; readonly sleep: (ms: number) => Promise<void> },
): Promise<number> {
  const secure = question.url.startsWith('https:');
  const agent = secure
    ? new https.Agent({ keepAlive: true, rejectUnauthorized: !question.insecure })
    : new http.Agent({ keepAlive: true });
  const slot = SPAN_MS / ASKS;
  let answers = 0;
  for (let i = 0; i < ASKS; i++) {
    const phase = (i * GOLDEN) % 1;
    await sleep(slot / 2 + slot * phase);
    const askedAt = wallMs();
    const answer = await ask(question, secure, agent, wallMs);
    if (answer === null) continue;
    answers++;
    bounds.add(answer.target, answer.dateS, Math.floor(askedAt), Math.ceil(answer.at) + 1);
  }
  agent.destroy();
  return answers;
}

function ask(
  { url, method, headers, body, targetHeader, timeoutMs }: ClockQuestion,
  secure: boolean,
  agent: http.Agent,
  wallMs: () => number,
): Promise<{ readonly target: string; readonly dateS: number; readonly at: number } | null> {
  return new Promise((resolve) => {
    const call = (secure ? https : http).request(url, { method, headers, agent, timeout: timeoutMs }, (answer) => {
      const at = wallMs();
      const ms = Date.parse(answer.headers.date ?? '');
      const target = answer.headers[targetHeader];
      answer.resume();
      answer.once('error', () => resolve(null));
      answer.once('close', () => resolve(null));
      answer.once('end', () =>
        resolve(
          Number.isFinite(ms)
            ? { target: typeof target === 'string' ? target : '', dateS: Math.round(ms / 1000), at }
            : null,
        ),
      );
    });
    call.once('timeout', () => call.destroy());
    call.once('error', () => resolve(null));
    call.end(body ?? undefined);
  });
}
