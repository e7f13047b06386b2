import { describe, expect, it } from 'vitest';
import { planText } from '../../src/cli/compare-print.js';
import { STUDY_SCHEMA, type StudyHeader } from '../../src/cli/study-file.js';
import { prospects } from '../../src/compare/budget.js';
import { ratioText } from '../../src/compare/statement.js';
import type { Variant } from '../../src/domain/comparison.js';
import { summaryOf, variantAt } from './runs.js';

function headerOf(variants: readonly Variant[]): StudyHeader {
  return {
    kind: 'study',
    schema: STUDY_SCHEMA,
    toolVersion: '0.0.0',
    startedAt: '2026-01-01T00:00:00.000Z',
    name: 'lab',
    scenarioFile: 'lab.yaml',
    fingerprint: 'f',
    command: [],
    options: {},
    place: summaryOf().place,
    targets: 2,
    variants,
    repeats: 10,
    seed: 1,
    alpha: 0.05,
    limit: 0.05,
    current: { afterDetachMs: 5000, afterAttachMs: 5000 },
  };
}

describe('what a study promises before it starts', () => {
  it('is reckoned with the part of α that each of its claims has', () => {
    const grid = [1000, 4000].flatMap((afterDetachMs) =>
      [2000, 3000].map((afterAttachMs) => variantAt(0, { afterDetachMs, afterAttachMs })),
    );
    const text = planText(headerOf(grid), [1000, 1000, 1000, 1000]);
    const [, longest] = prospects([1000, 1000, 4000, 4000], 10, 0.05 / 2, true);
    expect(text).toContain(`at most ${ratioText(longest?.byRuns ?? 0)}`);
    expect(text).toContain(`by the need of 20 deploys ${ratioText(longest?.byNeed ?? 0)}`);
    expect(text).toContain('takes 86 clean deploys');
  });

  it('does not promise by need what a gated wait cannot show', () => {
    const text = planText(
      headerOf([5000, 9000].map((ms) => variantAt(ms, { group: 'wait both', wait: 'both' }))),
      [1, 1],
    );
    expect(text).toContain('by 10 clean runs');
    expect(text).not.toContain('by the need');
    expect(text).toContain('takes 59 clean deploys');
  });
});
