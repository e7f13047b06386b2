// Which tests judge a mutant of a file: pure ones, in stages, the quick and near ones first.
const WHOLE_RUNS = ['test/runs/verdicts.test.ts', 'test/runs/contradictions.test.ts', 'test/analyze.test.ts'];
const VECTORS = [
  'test/vectors/primitives.test.ts',
  'test/vectors/judgement.test.ts',
  'test/vectors/comparison.test.ts',
];

const CHECK_LIMITS = ['gates', 'limits', 'deciding-bounds'].map((name) => `test/checks/${name}.test.ts`);

/** Tests of one file of src/stats; the rest of that folder is asked only when these notice nothing. */
const STATS = {
  ascending: ['order'],
  binomial: ['binomial'],
  'log-binomial': ['binomial'],
  detection: ['detection'],
  excess: ['order', 'poisson'],
  isotonic: ['isotonic'],
  'kaplan-meier': ['kaplan-meier'],
  mcnemar: ['mcnemar'],
  'peri-event': ['peri-event'],
  poisson: ['poisson'],
  quantile: ['selection', 'order'],
  selection: ['selection'],
  spacing: ['order'],
  tolerance: ['tolerance'],
  windows: ['order'],
};

function statsTests(file) {
  const near = STATS[file.slice('src/stats/'.length, -'.ts'.length)] ?? [];
  const first = [...near.map((name) => `test/stats/${name}.test.ts`), VECTORS[0]];
  return [first, ['test/stats', ...VECTORS.slice(1)]];
}

/** Every test file for a mutant of `file` (relative to the root), in stages: a later one runs only for survivors. */
export function testsFor(file) {
  if (file.startsWith('src/stats/')) return statsTests(file);
  if (file.startsWith('src/checks/')) return [CHECK_LIMITS, ['test/checks', VECTORS[1]], WHOLE_RUNS];
  if (file.startsWith('src/evidence/')) return [['test/evidence', ...VECTORS], WHOLE_RUNS];
  if (file.startsWith('src/pipeline/')) return [['test/pipeline/safety.test.ts'], ['test/pipeline/runner.test.ts']];
  throw new Error(`no tests are known for ${file}: add them to bench/mutation/tests-for.mjs`);
}
