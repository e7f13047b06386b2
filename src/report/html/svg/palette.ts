import type { StepSpan } from '../../../domain/result.js';
import type { TargetState } from '../../../domain/target.js';
import { html, type Markup } from '../markup.js';

/**
 * How something is painted. Colours stand as presentation attributes, so the picture also reads where a host strips
 * styles; page.css overrides them by class for the dark theme.
 */
export interface Look {
  readonly name: string;
  readonly fill: string;
  readonly ink: string;
  readonly word: string;
  /** Where `word` does not fit. */
  readonly short: string;
}

/** A target's state in the balancer's eyes, in plain words. */
export const STATE_LOOK: Readonly<Record<TargetState, Look>> = {
  healthy: { name: 'healthy', fill: '#a6e0b6', ink: '#0f3d1e', word: 'in load balancer', short: 'in LB' },
  draining: { name: 'draining', fill: 'url(#p-draining)', ink: '#4d3300', word: 'draining', short: 'drain' },
  unused: { name: 'unused', fill: 'url(#p-unused)', ink: '#424a53', word: 'out of load balancer', short: 'out of LB' },
  initial: { name: 'initial', fill: 'url(#p-initial)', ink: '#0a3069', word: 'registering', short: 'reg.' },
  unhealthy: { name: 'unhealthy', fill: 'url(#p-unhealthy)', ink: '#82071e', word: 'unhealthy', short: 'unhealthy' },
  unavailable: { name: 'unavailable', fill: 'url(#p-unavailable)', ink: '#424a53', word: 'state unknown', short: '?' },
};

/** A pipeline step. */
export const STEP_LOOK: Readonly<Record<StepSpan['kind'], Look>> = {
  detach: { name: 'detach', fill: '#0969da', ink: '#ffffff', word: 'detach', short: 'detach' },
  attach: { name: 'attach', fill: '#0969da', ink: '#ffffff', word: 'attach', short: 'attach' },
  deploy: { name: 'deploy', fill: '#c4a7f5', ink: '#2b0a5e', word: 'deploy', short: 'deploy' },
  sleep: { name: 'sleep', fill: '#dde3ea', ink: '#32383f', word: 'sleep', short: 'sleep' },
  await: { name: 'await', fill: '#c9dcf5', ink: '#0a3069', word: 'wait', short: 'wait' },
};

const pattern = (name: string, base: string, lines: string, d: string, width = 1.5): Markup =>
  html`<pattern id="p-${name}" width="8" height="8" patternUnits="userSpaceOnUse"><rect class="base-${name}" width="8" height="8" fill="${base}"/><path class="line-${name}" d="${d}" stroke="${lines}" stroke-width="${width}" fill="none"/></pattern>`;

/** The hatchings: states differ in pattern, not in colour alone. Defined once per page. */
export function patternDefinitions(): Markup {
  const defs = html`<defs>${[
    pattern('draining', '#fbdf9d', '#e2ae3c', 'M-2 2l4 -4M0 8l8 -8M6 10l4 -4'),
    pattern('unused', '#eceff2', '#cfd6dd', 'M0 4h8', 1),
    pattern('initial', '#cfe3fb', '#9cc3f0', 'M4 0v8', 1.2),
    pattern('unhealthy', '#fbc9c4', '#e8857c', 'M0 0l8 8M8 0l-8 8', 1),
    pattern('unavailable', '#eceff2', '#b3bcc5', 'M1 1h1M5 5h1', 1.5),
    pattern('stopping', '#ffd8a8', '#d9822b', 'M-2 2l4 -4M0 8l8 -8M6 10l4 -4', 2),
  ]}</defs>`;
  return html`<svg class="defs" width="0" height="0" aria-hidden="true">${defs}</svg>`;
}

/** A small sample of a look for a legend. */
export function swatch(look: Pick<Look, 'name' | 'fill'>): Markup {
  return html`<svg class="swatch" width="18" height="12" aria-hidden="true"><rect class="fill-${look.name}" width="18" height="12" fill="${look.fill}"/></svg>`;
}

/** Lines of the charts in order; dash as well as colour tells them apart. */
export const LINE_LOOK = [
  { name: 'a', stroke: '#0969da', dash: '' },
  { name: 'b', stroke: '#8250df', dash: '7 3' },
  { name: 'c', stroke: '#9a6700', dash: '2 3' },
  { name: 'd', stroke: '#1a7f37', dash: '9 3 2 3' },
  { name: 'e', stroke: '#bf3989', dash: '4 4' },
  { name: 'f', stroke: '#57606a', dash: '1 2' },
] as const;

/** The line of failures has its own colour in every chart. */
export const FAILED_LINE = { name: 'failed', stroke: '#cf222e', dash: '' } as const;
export type LineLook = { readonly name: string; readonly stroke: string; readonly dash: string };

export const lineLook = (index: number): LineLook => LINE_LOOK[index % LINE_LOOK.length] ?? LINE_LOOK[0];

/** A piece of a line for a chart's legend. */
export function lineSwatch(look: LineLook): Markup {
  return html`<svg class="swatch" width="26" height="12" aria-hidden="true"><path class="stroke-${look.name}" d="M1 6h24" stroke="${look.stroke}" stroke-width="2.5" fill="none"${look.dash === '' ? null : html` stroke-dasharray="${look.dash}"`}/></svg>`;
}
