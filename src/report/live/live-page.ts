import { blockHash } from '../html/content-policy.js';
import { html, raw } from '../html/markup.js';
import { plainLine } from '../plain-text.js';
import type { LiveTimeline } from './live-timeline.js';

/** Style and script of the live page; the program's own. */
export interface LiveAssets {
  readonly css: string;
  readonly js: string;
}

/** The policy of the live page's answer: its own two blocks, and the stream from the server it came from. */
export function livePolicy({ css, js }: LiveAssets): string {
  return [
    "default-src 'none'",
    `style-src ${blockHash(css)}`,
    `script-src ${blockHash(js)}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** The page that follows a run. Everything of the run arrives by the stream and is put in as text only. */
export function renderLivePage(title: string, { css, js }: LiveAssets): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>${plainLine(title, 120)} · running</title><link rel="icon" href="data:,"><style>${raw(css)}</style></head>
<body><header><p class="what"><span class="brand">rollproof</span> <strong>${plainLine(title, 200)}</strong></p><p id="clock" class="when"></p></header><main><section id="now" class="banner" aria-labelledby="head"><div class="sign"><h1 id="head">Running</h1></div><p class="sentence" id="said" role="status">Waiting for the first news of the run.</p></section><dl class="tiles" id="tiles"></dl><section aria-labelledby="when"><h2 id="when">What is happening, when</h2><div id="drawing"></div></section><noscript><p>This page needs its script; the terminal shows the same.</p></noscript></main><footer><p>Served on this machine only, while the run lasts. It is not the verdict: that comes with the report.</p></footer>
<script>${raw(js)}</script></body></html>
`.text;
}

/** One message of the event stream. JSON has no raw line break, so it stays one `data:` line. */
export function liveMessage(event: 'all' | 'state' | 'point' | 'ended', data: unknown): string {
  const clean = JSON.stringify(data, (_key, value: unknown) =>
    typeof value === 'string' ? plainLine(value, 300) : value,
  );
  return `event: ${event}\ndata: ${clean}\n\n`;
}

/** What changes with every event: all but the points. */
export function liveState({ steps, targets, totals, estimatedMs }: LiveTimeline, elapsedMs: number) {
  return { elapsedMs, estimatedMs, steps, targets, totals };
}
