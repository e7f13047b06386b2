import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RunEvent } from '../domain/event.js';
import type { TrafficProgress } from '../domain/ports.js';
import type { Clock } from '../domain/time.js';
import { type LiveAssets, liveMessage, livePolicy, liveState, renderLivePage } from '../report/live/live-page.js';
import { type LiveTimeline, liveAfterEvent, liveAfterTraffic } from '../report/live/live-timeline.js';
import { plainLine } from '../report/plain-text.js';
import type { Io } from './io.js';
import { type LoopbackServer, sendText, startLoopback } from './loopback-server.js';

/** The running timeline for a browser on this machine. */
export interface LivePage {
  event(event: RunEvent): void;
  traffic(progress: TrafficProgress): void;
  /** Tells the open pages and stops serving; harmless twice. */
  end(): void;
}

/** Messages are joined to one per this long: a browser may not cost the generator its processor. */
const PUSH_MS = 500;
const VIEWERS_MAX = 8;
/** A viewer that reads slower than this much behind is let go; it connects anew. */
const BACKLOG_BYTES = 1_000_000;

/**
 * Serves the run on loopback under a random token, so that no other page or user's guess finds it. Never keeps the
 * process alive and never fails the run: when it cannot listen it says so on stderr.
 */
export function startLivePage(
  start: LiveTimeline,
  { assets, port }: { readonly assets: LiveAssets; readonly port: number },
  clock: Clock,
  io: Pick<Io, 'randomToken' | 'stderr'>,
): LivePage {
  const token = io.randomToken();
  const viewers = new Set<ServerResponse>();
  let live = start;
  let told = start;
  let sentPoints = 0;
  let server: LoopbackServer | null = null;
  let ended = false;
  const tell = (text: string) => {
    for (const viewer of viewers) {
      if (viewer.writableLength > BACKLOG_BYTES) viewer.destroy();
      else viewer.write(text);
    }
  };
  const push = () => {
    for (const point of live.points.slice(sentPoints)) tell(liveMessage('point', point));
    sentPoints = live.points.length;
    if (viewers.size > 0 || live !== told) tell(liveMessage('state', liveState(live, clock.now())));
    told = live;
  };
  const timer = setInterval(push, PUSH_MS).unref();
  const join = (request: IncomingMessage, response: ServerResponse) => {
    if (viewers.size >= VIEWERS_MAX) return sendText(response, 503, 'too many pages are open');
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    response.write(liveMessage('all', live.points.slice(0, sentPoints)));
    response.write(liveMessage('state', liveState(live, clock.now())));
    viewers.add(response);
    request.on('close', () => viewers.delete(response));
    response.on('error', () => viewers.delete(response));
  };
  startLoopback(handlerOf(renderLivePage(start.title, assets), livePolicy(assets), token, join), {
    port,
    holdsProcess: false,
  }).then(
    (listening) => {
      server = listening;
      if (ended) void listening.close();
      else
        io.stderr.write(`live: http://127.0.0.1:${listening.port}/${token}/ (this machine only, until the run ends)\n`);
    },
    (error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      io.stderr.write(`warning: no live page: ${plainLine(why)}\n`);
    },
  );
  return {
    event(event) {
      live = liveAfterEvent(live, event);
    },
    traffic(progress) {
      live = liveAfterTraffic(live, progress, clock.now());
    },
    end() {
      if (ended) return;
      ended = true;
      clearInterval(timer);
      push();
      tell(liveMessage('ended', null));
      const closing = server;
      // What was written leaves first; the sockets hold nothing alive in the meantime.
      for (const viewer of viewers) viewer.end();
      if (closing !== null) setTimeout(() => void closing.close(), PUSH_MS).unref();
    },
  };
}

function handlerOf(
  page: string,
  policy: string,
  token: string,
  join: (request: IncomingMessage, response: ServerResponse) => void,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const [, given = '', rest, ...more] = (request.url ?? '').split('/');
    if (!sameText(given, token) || more.length > 0) return sendText(response, 404, 'nothing is here');
    if (rest === 'events') return join(request, response);
    if (rest !== '') return sendText(response, 404, 'nothing is here');
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
    });
    response.end(request.method === 'HEAD' ? undefined : page);
  };
}

/** Compares without telling by its time how much was right. */
function sameText(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
