import type { VerdictKind } from '../../domain/verdict.js';
import { html, type Markup } from './markup.js';

/** Verdict colours: `fill` with white on it keeps 4.5:1. */
const ICON: Readonly<Record<VerdictKind, { readonly fill: string; readonly path: string; readonly word: string }>> = {
  PASS: { fill: '#1a7f37', path: 'M17 33l10 10 20-22', word: 'passed' },
  FAIL: { fill: '#cf222e', path: 'M21 21l22 22M43 21L21 43', word: 'failed' },
  INCONCLUSIVE: { fill: '#9a6700', path: 'M24 25c0-11 17-11 17 0 0 7-9 7-9 13M32 46v.5', word: 'not decided' },
  ERROR: { fill: '#6639ba', path: 'M32 17v19M32 45v.5', word: 'broken' },
};

/** The shapes also differ: disc for PASS, octagon for FAIL, diamond for INCONCLUSIVE, triangle for ERROR. */
const OUTLINE: Readonly<Record<VerdictKind, string>> = {
  PASS: 'M32 3a29 29 0 1 1 0 58a29 29 0 1 1 0-58z',
  FAIL: 'M21 3h22l18 18v22L43 61H21L3 43V21z',
  INCONCLUSIVE: 'M32 1l31 31-31 31L1 32z',
  ERROR: 'M32 3l30 56H2z',
};

const shapes = (kind: VerdictKind): string =>
  `<path class="icon-shape" d="${OUTLINE[kind]}" fill="${ICON[kind].fill}"/><path d="${ICON[kind].path}" fill="none" stroke="#ffffff" stroke-width="7" stroke-linecap="round" stroke-linejoin="round"/>`;

/** The verdict's drawn sign, beside its word. */
export function verdictIcon(kind: VerdictKind): Markup {
  const [outline, sign] = [OUTLINE[kind], ICON[kind].path];
  return html`<svg class="icon" viewBox="0 0 64 64" width="64" height="64" role="img" aria-label="${ICON[kind].word}"><path class="icon-shape" d="${outline}" fill="${ICON[kind].fill}"/><path class="icon-sign" d="${sign}" fill="none" stroke="#ffffff" stroke-width="7" stroke-linecap="round" stroke-linejoin="round"/></svg>`;
}

/** The same sign for the browser's tab, as a data: address. */
export function faviconAddress(kind: VerdictKind): string {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">${shapes(kind)}</svg>`;
  return `data:image/svg+xml;base64,${Buffer.from(svg, 'utf8').toString('base64')}`;
}

const MARK = {
  pass: { path: 'M3 8.5l3.2 3.2L13 4.5', word: 'passed' },
  fail: { path: 'M4 4l8 8M12 4l-8 8', word: 'failed' },
  inconclusive: { path: 'M5.5 6c0-4 5-4 5 0 0 2-2.5 2-2.5 4M8 13v.1', word: 'not decided' },
  warning: { path: 'M8 3v6.5M8 13v.1', word: 'warning' },
  skipped: { path: 'M4 8h8', word: 'not judged' },
} as const;

/** A small ✓ ✗ ? ! – drawn, so that no font is needed, with its word for those who do not see it. */
export function statusMark(status: keyof typeof MARK): Markup {
  return html`<svg class="mark mark-${status}" viewBox="0 0 16 16" width="16" height="16" role="img" aria-label="${MARK[status].word}"><path d="${MARK[status].path}" fill="none" stroke="#57606a" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round"/></svg>`;
}
