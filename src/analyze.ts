import { claimsOf } from './checks/claims.js';
import { CHECKS } from './checks/index.js';
import { runChecks } from './checks/run-checks.js';
import { verdictOf } from './checks/verdict.js';
import type { RunFacts } from './domain/evidence.js';
import { RESULT_SCHEMA, type RunResult } from './domain/result.js';
import { evidenceOf } from './evidence/evidence.js';

/**
 * The whole pure half: facts → evidence → checks → verdict. Reads no clock and no disk; the same facts give the same
 * result to the byte. Facts that end early are judged as far as they go, and never PASS.
 */
export function analyze(facts: RunFacts): RunResult {
  const { policy } = facts.header.scenario;
  const evidence = evidenceOf(facts);
  const checks = runChecks(CHECKS, evidence, policy);
  const verdict = verdictOf(checks, evidence);
  return {
    schema: RESULT_SCHEMA,
    run: evidence.run,
    verdict,
    claims: claimsOf(evidence, policy, verdict.kind),
    counts: evidence.counts,
    window: evidence.window,
    baseline: evidence.baseline,
    phases: evidence.phases,
    outages: evidence.outages,
    lanes: evidence.lanes,
    replacements: evidence.replacements,
    checks,
    timeline: evidence.timeline,
    series: evidence.series,
    latency: evidence.latency,
    errors: evidence.errors,
    failures: evidence.failures,
    failuresOmitted: evidence.failuresOmitted,
    generator: evidence.generator,
    alignment: evidence.alignment,
    ...(evidence.accessLog === undefined ? {} : { accessLog: evidence.accessLog }),
  };
}
