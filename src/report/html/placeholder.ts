import { html } from './markup.js';

/** The page that stands where a report will be: what was begun, and that nothing is proven by it. */
export function placeholderPage(work: string, why: string): string {
  const policy = "default-src 'none'; base-uri 'none'; form-action 'none'";
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><meta name="color-scheme" content="light dark"><meta name="robots" content="noindex"><title>No report · rollproof ${work}</title></head>
<body><main><h1>No report</h1><p><strong>rollproof ${work}</strong>: ${why}</p><p>This page proves nothing about the deploy. The log of the job says what happened.</p></main></body></html>
`.text;
}
