import { studyComparison } from '../../../src/compare/study-comparison.js';
import type { Comparison } from '../../../src/domain/comparison.js';
import { runAt, variantAt } from '../../compare/runs.js';

/** What a spreadsheet, a page, a Markdown table, a terminal and a chat would each take for more than text. */
export const HOSTILE = '=HYPERLINK("http://x")</script><script>alert(1)</script>|`\u001b[31m\u202e@all';

/** Two sleeps twice; the shorter one fails. What is hostile is put wherever text of others gets to. */
export function studyOf(hostile = ''): Comparison {
  const variants = [variantAt(0), variantAt(5000, { label: `sleep 5 s${hostile}` })];
  const change = hostile === '' ? {} : { sentence: hostile, runId: hostile, dir: hostile, codes: [hostile] };
  return studyComparison({
    name: `lab${hostile}`,
    place: { environment: `lab${hostile}`, balancerKind: 'lab', balancerName: `lab${hostile}` },
    toolVersion: '0.0.0',
    startedAt: '2026-01-01T00:00:00.000Z',
    command: ['rollproof', 'compare', hostile],
    scenarioFile: null,
    design: { variants: 2, repeats: 2, seed: 1 },
    variants,
    targets: 2,
    sleeps: 2,
    current: { afterDetachMs: 6000, afterAttachMs: 6000 },
    alpha: 0.05,
    limit: 0.05,
    runs: [0, 1].flatMap((b) => [runAt(0, 0, b, { ...change, verdict: 'FAIL' }), runAt(1, 5000, b, change)]),
  });
}
