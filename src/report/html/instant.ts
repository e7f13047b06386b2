import { clock } from '../figures.js';
import { html, type Markup } from './markup.js';
import { zoomLink } from './svg/lanes.js';

/** An instant of the run (ms) that the page's script can also show as time of day; a dash for none. */
export function instant(ms: number | null, digits: number): Markup {
  if (ms === null || !Number.isFinite(ms)) return html`${clock(ms, digits)}`;
  return html`<time data-at="${Math.round(ms)}"${digits === 3 ? null : html` data-digits="${digits}"`}>${clock(ms, digits)}</time>`;
}

/** The start of a span as a link that zooms to all of it. */
export const instantLink = (from: number, to: number, digits: number): Markup =>
  html`<a href="${zoomLink(from, to)}">${instant(from, digits)}</a>`;

/** A span of the run, both ends as instants. */
export const instantSpan = (from: number, to: number, digits = 1): Markup =>
  html`${instant(from, digits)}\u00a0–\u00a0${instant(to, digits)}`;
