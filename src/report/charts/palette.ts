import type { StepSpan } from '../../domain/result.js';

/** CSS pixels on a picture 1,200 wide: shown at half that width, as in a ticket or a mail, the words are 11 px high. */
export const FONT_PX = { text: 22, title: 26 } as const;

/** Colours of the pictures; light, because they are pasted into tickets and mail. Text keeps 4.5:1 on white. */
export const PALETTE = {
  paper: '#ffffff',
  ink: '#1c2024',
  muted: '#57606a',
  grid: '#e6e8eb',
  ok: '#0b63c5',
  failed: '#cf1f2e',
  p50: '#0b63c5',
  p95: '#8a5a00',
  p99: '#7a3fb5',
  out: 'rgba(214, 168, 46, 0.16)',
  verdict: { PASS: '#1a7f37', FAIL: '#cf1f2e', INCONCLUSIVE: '#8a5a00', ERROR: '#cf1f2e' },
  targets: ['#0b63c5', '#1a7f37', '#7a3fb5', '#b04a00', '#00727d', '#a0307e'],
  steps: { detach: '#0b63c5', attach: '#0b63c5', deploy: '#b79cf0', sleep: '#dfe3e8', await: '#c9dff5' },
} as const satisfies Record<string, unknown> & { steps: Record<StepSpan['kind'], string> };
