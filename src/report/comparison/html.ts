import type { Comparison } from '../../domain/comparison.js';
import type { VerdictKind } from '../../domain/verdict.js';
import { counted, duration, wallTime } from '../figures.js';
import type { HtmlAssets } from '../html/assets.js';
import { contentPolicy } from '../html/content-policy.js';
import { faviconAddress, verdictIcon } from '../html/icon.js';
import { html, type Markup, raw } from '../html/markup.js';
import { patternDefinitions } from '../html/svg/palette.js';
import { section } from '../html/table.js';
import { oneLine } from '../visible-text.js';
import { alignedSection } from './aligned-section.js';
import { needSections } from './need-section.js';
import { sweepFigure } from './sweep-figure.js';
import { changesSection, methodSection, runsSection, variantsSection } from './tables-section.js';

interface Look {
  readonly kind: VerdictKind;
  readonly word: string;
}

function lookOf(comparison: Comparison): Look {
  if (comparison.kind === 'runs') {
    const isWorse = comparison.changes.some((c) => c.changes.some((x) => x.judgement === 'worse'));
    return isWorse ? { kind: 'INCONCLUSIVE', word: 'SOMETHING WORSE' } : { kind: 'PASS', word: 'NOTHING WORSE' };
  }
  const looks: Readonly<Record<Comparison['standing'], Look>> = {
    proven: { kind: 'PASS', word: 'PROVEN' },
    observed: { kind: 'INCONCLUSIVE', word: 'NOT PROVEN' },
    none: { kind: 'INCONCLUSIVE', word: 'NOT PROVEN' },
    'other-cause': { kind: 'FAIL', word: 'ANOTHER CAUSE' },
  };
  return looks[comparison.standing];
}

function banner(comparison: Comparison, look: Look): Markup {
  const { recommendations } = comparison;
  const more = recommendations
    .filter((r) => !comparison.headline.includes(r.statement))
    .map((r) => html`<li>${r.group === '' ? '' : `${r.group}: `}${r.statement}</li>`);
  return html`<div class="banner ${look.kind.toLowerCase()}"><div class="sign">${verdictIcon(look.kind)}<h1>${look.word}</h1></div><div><p class="sentence">${comparison.headline}</p>${more.length === 0 ? null : html`<ul class="points">${more}</ul>`}</div></div>`;
}

function tile(name: string, value: string, note: string, tone: 'good' | 'bad' | 'plain' = 'plain'): Markup {
  return html`<div class="tile ${tone}"><dt>${name}</dt><dd><div class="value">${value}</div><div class="note">${note}</div></dd></div>`;
}

function tiles(comparison: Comparison): Markup {
  const { rows, runs, recommendations } = comparison;
  const [first] = recommendations;
  const shown = first === undefined ? null : (first.byNeedMs ?? first.byRunsMs);
  const counts = runs.filter((r) => r.counted);
  const bad = counts.filter((r) => r.summary.verdict === 'FAIL').length;
  const needs = rows.map((r) => r.needMaxMs).filter((n) => n !== null);
  const proven = rows.find((r) => r.standing === 'proven');
  const saved = proven?.deltaMs ?? null;
  const undecided = runs.length - counts.length;
  return html`<dl class="tiles">${[
    first === undefined
      ? tile('Runs', String(runs.length), 'laid side by side')
      : tile(
          `Recommended ${first.of}`,
          duration(shown),
          shown === null ? 'none is proven yet' : 'proven',
          shown === null ? 'plain' : 'good',
        ),
    tile(
      'Observed, not proven',
      duration(first?.observedMinimumMs ?? null),
      'shortest without downtime at it or above',
    ),
    tile('Longest need seen', needs.length === 0 ? '–' : duration(Math.max(...needs)), 'of any deploy, to its end'),
    tile(
      'Runs',
      String(counts.length),
      `${counted(bad, 'run')} with downtime${undecided > 0 ? `, ${undecided} undecided` : ''}`,
      bad > 0 ? 'bad' : 'plain',
    ),
    tile(
      'Deploy time',
      duration(proven?.deployMs ?? rows.at(-1)?.deployMs ?? null),
      saved === null
        ? (rows.at(-1)?.variant.label ?? '')
        : `${saved <= 0 ? 'saves' : 'costs'} ${duration(Math.abs(saved))} per deploy`,
    ),
  ]}</dl>`;
}

function scopeSection({ proves, doesNotProve }: Comparison): Markup {
  const list = (items: readonly string[]): Markup =>
    html`<ul class="notes">${items.map((i) => html`<li>${i}</li>`)}</ul>`;
  return section(
    'scope',
    'What this proves, and what it does not',
    html`${proves.length === 0 ? null : html`<h3>It proves</h3>${list(proves)}`}<h3>It does not prove</h3>${list(doesNotProve)}`,
  );
}

function pageHeader(comparison: Comparison): Markup {
  const { name, place, seed, repeats } = comparison;
  const plan = seed === null ? '' : ` · ${counted(repeats ?? 0, 'repeat')} · seed ${seed}`;
  return html`<header><p class="what"><span class="brand">rollproof</span> <strong>${oneLine(name, 80)}</strong> <span>${oneLine(place.environment, 40)}</span> <span>${oneLine(place.balancerName, 80)}</span></p><p class="when">${wallTime(comparison.startedAt)}${plan}</p></header>`;
}

/**
 * The comparison as one HTML document without a script: it opens from a file, asks nobody for anything, and reads the
 * same with everything switched off. Everything from the runs is escaped where it is put in (markup.ts).
 */
export function comparisonHtml(comparison: Comparison, assets: Pick<HtmlAssets, 'css'>): string {
  const look = lookOf(comparison);
  const title = `${look.word} · ${oneLine(comparison.name, 80)} · ${comparison.kind === 'study' ? 'sleeps compared' : 'runs compared'}`;
  const style = assets.css;
  const body = html`<a class="skip" href="#variants">Skip to the table</a>${patternDefinitions()}${pageHeader(comparison)}<main>${banner(comparison, look)}${tiles(comparison)}${changesSection(comparison)}${sweepFigure(comparison)}${alignedSection(comparison)}${needSections(comparison)}${variantsSection(comparison)}${scopeSection(comparison)}${methodSection(comparison)}${runsSection(comparison)}</main><footer><p>Written by rollproof ${comparison.toolVersion}. This page is whole in itself: it loads nothing and sends nothing.</p></footer>`;
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${raw(contentPolicy([style], []))}"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="robots" content="noindex"><title>${title}</title><link rel="icon" href="${faviconAddress(look.kind)}"><style>${raw(style)}</style></head>
<body class="${look.kind.toLowerCase()}">${body}</body></html>
`.text;
}
