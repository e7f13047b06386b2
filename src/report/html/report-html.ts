import type { ReportLayout } from '../../domain/event.js';
import type { RunResult } from '../../domain/result.js';
import { count, duration, wallTime } from '../figures.js';
import { oneLine } from '../visible-text.js';
import type { HtmlAssets } from './assets.js';
import { contentPolicy, splitPolicy } from './content-policy.js';
import { faviconAddress } from './icon.js';
import { html, type Markup, raw, scriptJson } from './markup.js';
import { pageData } from './page-data.js';
import { aroundSection } from './sections/around.js';
import { balancerSection } from './sections/balancer.js';
import { bannerSection } from './sections/banner.js';
import { deployLogSection } from './sections/deploy-log.js';
import { errorsSection } from './sections/errors.js';
import { guideSection } from './sections/guide.js';
import { answeredSection, latencySection } from './sections/latency.js';
import { outagesSection } from './sections/outages.js';
import { phasesSection } from './sections/phases.js';
import { proofSection } from './sections/proof.js';
import { reproduceSection } from './sections/reproduce.js';
import { timelineSection } from './sections/timeline.js';
import { patternDefinitions } from './svg/palette.js';

export type { HtmlAssets } from './assets.js';

const JUMPS = [
  ['timeline', 'Timeline'],
  ['phases', 'Phases'],
  ['outages', 'Outages'],
  ['around', 'Around the steps'],
  ['latency', 'Latency'],
  ['answered', 'Who answered'],
  ['balancer', 'Load balancer'],
  ['proof', 'Proof'],
  ['errors', 'Errors'],
  ['deploys', 'Deploy log'],
  ['reproduce', 'Reproduce'],
  ['guide', 'How to read'],
] as const;

function pageHeader({ run }: RunResult): Markup {
  const { scenario } = run;
  const change =
    scenario.rollout.previousVersion === null
      ? scenario.rollout.version
      : `${scenario.rollout.previousVersion} → ${scenario.rollout.version}`;
  return html`<header><p class="what"><span class="brand">rollproof</span> <strong>${oneLine(scenario.name, 80)}</strong> <span>${oneLine(scenario.environment, 40)}</span> <span>${oneLine(change, 80)}</span></p><p class="when">${wallTime(run.startedAtWall)} · ran ${duration(run.durationMs)} · ${count(scenario.traffic.ratePerSecond)} requests/s</p></header>`;
}

/** Sticky line: where the crosshair stands, zoom and copy; only useful, and only shown, with the script. */
function toolbar({ alignment }: RunResult): Markup {
  const jumps = JUMPS.filter(([id]) => id !== 'around' || alignment.length > 0).map(
    ([id, word]) => html`<li><a href="#${id}">${word}</a></li>`,
  );
  return html`<nav class="bar" aria-label="Sections and tools"><ul>${jumps}</ul><div class="tools live-only" hidden><output id="readout" aria-live="off">Move over a chart to read it.</output><button type="button" id="zoom-reset" hidden>Whole run</button><button type="button" id="clock" aria-pressed="false" hidden>Time of day (UTC)</button><button type="button" id="copy">Copy as Markdown</button></div></nav>`;
}

function body(result: RunResult, assets: HtmlAssets, layout: ReportLayout): Markup {
  return html`<a class="skip" href="#timeline">Skip to the timeline</a>${patternDefinitions()}${pageHeader(result)}<main>${bannerSection(result)}${toolbar(result)}${timelineSection(result)}${phasesSection(result)}${outagesSection(result)}${aroundSection(result)}${latencySection(result)}${answeredSection(result)}${balancerSection(result)}${proofSection(result)}${errorsSection(result)}${deployLogSection(result)}${reproduceSection(result, assets.charts)}${guideSection()}</main><footer><p>Written by rollproof ${result.run.toolVersion}. ${layout === 'single' ? 'This page is whole in itself: it loads nothing and sends nothing.' : 'This page loads the two files beside it and sends nothing.'}</p></footer>`;
}

/** Style and script of the page, as the files that stand beside it in the split layout. */
export const splitFiles = ({ uplotCss, css, uplotJs, pageJs }: HtmlAssets) => [
  { path: 'report.css', bytes: `${uplotCss}\n${css}` },
  { path: 'report.js', bytes: `${uplotJs}\n${pageJs}` },
];

const SPLIT_STYLE = '<link rel="stylesheet" href="report.css">';
const SPLIT_SCRIPT = '<script src="report.js"></script>';

/**
 * A page of the split layout with its files put back in, for a server that gives pages an origin of their own, which may
 * load nothing. The policy then is the server's alone. Any other text comes back as it is.
 */
export function rejoined(page: string, css: string, js: string): string {
  const [style, script] = [page.split(SPLIT_STYLE), page.split(SPLIT_SCRIPT)];
  if (style.length !== 2 || script.length !== 2 || /<\/(style|script)/i.test(css + js)) return page;
  return page
    .replace(policyTag(splitPolicy()), '')
    .replace(SPLIT_STYLE, () => `<style>${css}</style>`)
    .replace(SPLIT_SCRIPT, () => `<script>${js}</script>`);
}

const policyTag = (policy: string): string => `<meta http-equiv="Content-Security-Policy" content="${policy}">`;

/** What differs between the layouts: the policy, and where style and script are. */
function shell(assets: HtmlAssets, layout: ReportLayout): { policy: string; style: Markup; script: Markup } {
  if (layout === 'split')
    return {
      policy: splitPolicy(),
      style: raw(SPLIT_STYLE),
      script: raw(SPLIT_SCRIPT),
    };
  const style = `${assets.uplotCss}\n${assets.css}`;
  return {
    policy: contentPolicy([style], [assets.uplotJs, assets.pageJs]),
    style: html`<style>${raw(style)}</style>`,
    script: html`<script>${raw(assets.uplotJs)}</script><script>${raw(assets.pageJs)}</script>`,
  };
}

/**
 * The whole report as one HTML document that opens from a file and asks nobody for anything; in the split layout it
 * asks for the two files beside it, for servers whose policy forbids blocks inside a page. Same result and assets in,
 * same bytes out. Everything from the result is escaped where it is put in (markup.ts).
 */
export function renderHtml(result: RunResult, assets: HtmlAssets, layout: ReportLayout = 'single'): string {
  const { verdict, counts, run } = result;
  const title = `${verdict.kind} · ${count(counts.failed)}/${count(counts.judged)} · ${oneLine(run.scenario.name, 80)}`;
  const { policy, style, script } = shell(assets, layout);
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">${raw(policyTag(policy))}<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="robots" content="noindex"><title>${title}</title><link rel="icon" href="${faviconAddress(verdict.kind)}">${style}</head>
<body class="${verdict.kind.toLowerCase()}">${body(result, assets, layout)}
<script type="application/json" id="data">${scriptJson(pageData(result))}</script>${script}</body></html>
`;
  return page.text;
}
