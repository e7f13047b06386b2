import { createHash, timingSafeEqual } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Target } from '../domain/target.js';
import { MARK_KINDS, type Mark, markKind, targetNamed } from '../pipeline/deployers/marks.js';
import type { Io } from './io.js';
import { sendText, startLoopback } from './loopback-server.js';

/** Where scripts tell what they do: a file of the run directory, and an address on this machine that appends to it. */
export interface MarkChannel {
  /** ROLLPROOF_MARK_FILE, and ROLLPROOF_MARK_URL unless no port could be had. */
  readonly env: Readonly<Record<string, string>>;
  /** All marks by now; empty when there are none. */
  read(): string;
  close(): Promise<void>;
}

const BODY_MAX = 4 * 1024;
/** A script in a loop must not fill the disk. */
const MARKS_MAX = 10_000;

/**
 * Opens both ways. The address holds a random token, is bound to 127.0.0.1, checks Host and Origin, and takes small
 * bodies only; a machine without a free port still has the file.
 */
export async function openMarkChannel(dir: string, targets: readonly Target[], io: Io): Promise<MarkChannel> {
  const folder = join(dir, 'marks');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'deploy.ndjson');
  const token = io.randomToken();
  let taken = 0;
  const take = (text: string, response: ServerResponse): void => {
    const mark = markOf(text, targets, io.monotonicNs());
    if (typeof mark === 'string') sendText(response, 400, mark);
    else if (++taken > MARKS_MAX) sendText(response, 429, `no more than ${MARKS_MAX} marks`);
    else {
      appendFileSync(file, `${JSON.stringify(mark)}\n`);
      sendText(response, 200, `${mark.what} ${mark.target}`);
    }
  };
  const server = await startLoopback((request, response) => answer(request, response, token, take), {
    port: 0,
    holdsProcess: false,
    methods: ['POST'],
  }).catch(() => null);
  return {
    env: {
      ROLLPROOF_MARK_FILE: file,
      ...(server === null ? {} : { ROLLPROOF_MARK_URL: `http://127.0.0.1:${server.port}/${token}` }),
    },
    read: () => textOf(file),
    close: async () => server?.close(),
  };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (neverWritten) {
    void neverWritten;
    return '';
  }
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  token: string,
  take: (text: string, response: ServerResponse) => void,
): void {
  if (!isSame((request.url ?? '').slice(1), token)) {
    sendText(response, 404, 'not found');
    return;
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= BODY_MAX) chunks.push(chunk);
    else if (!response.headersSent) {
      sendText(response, 413, `at most ${BODY_MAX} bytes`);
      request.destroy();
    }
  });
  request.on('end', () => {
    if (response.headersSent) return;
    try {
      take(Buffer.concat(chunks).toString('utf8'), response);
    } catch (cause) {
      sendText(response, 500, `not written down: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  });
  request.on('error', () => undefined);
}

/** Takes as long for any text: hashes are compared, so that not even the length shows. */
function isSame(given: string, token: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(token));
}

/** A mark, stamped with `now` where it does not say when; or what is wrong with it. */
function markOf(text: string, targets: readonly Target[], now: bigint): Mark | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (notJson) {
    void notJson;
    return 'send {"what": KIND, "target": TARGET} as JSON';
  }
  const { what, target, monotonicNs } = (value ?? {}) as Record<string, unknown>;
  const kind = markKind(what);
  if (kind === null) return `"what" must be one of ${MARK_KINDS.join(', ')}`;
  const id = typeof target === 'string' ? targetNamed(target, targets) : null;
  if (id === null) return `"target" must be one of ${targets.map((t) => t.id).join(', ')}`;
  if (monotonicNs === undefined) return { what: kind, target: id, monotonicNs: now.toString() };
  if (typeof monotonicNs !== 'string' || !/^\d{1,20}$/.test(monotonicNs))
    return '"monotonicNs" must be decimal digits: CLOCK_MONOTONIC of this host in ns';
  return { what: kind, target: id, monotonicNs };
}
