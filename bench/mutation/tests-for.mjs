// Which tests judge a mutant of a file: pure ones, in stages, the quick and near ones first.
const WHOLE_RUNS = ['test/runs/verdicts.test.ts', 'test/runs/contradictions.test.ts', 'test/analyze.test.ts'];
const VECTORS = [
  'test/vectors/primitives.test.ts',
  'test/vectors/judgement.test.ts',
  'test/vectors/comparison.test.ts',
];

/** Every test file for a mutant of `file` (relative to the root), in stages: a later one runs only for survivors. */
export function testsFor(file) {
  if (file.startsWith('src/stats/'))
    return [
      ['test/stats', ...VECTORS],
      ['test/evidence', 'test/compare'],
    ];
  if (file.startsWith('src/checks/')) return [['test/checks', 'test/vectors/judgement.test.ts'], WHOLE_RUNS];
  if (file.startsWith('src/evidence/')) return [['test/evidence', ...VECTORS], WHOLE_RUNS];
  if (file.startsWith('src/pipeline/')) return [['test/pipeline/safety.test.ts'], ['test/pipeline/runner.test.ts']];
  throw new Error(`no tests are known for ${file}: add them to bench/mutation/tests-for.mjs`);
}
