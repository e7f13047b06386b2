/**
 * The public API: the pure half. Load a scenario, read a run directory back, judge it; run and render through the
 * command line.
 */
export { analyze } from './analyze.js';
export { type LoadedScenario, loadScenario } from './config/load.js';
export { scenarioJsonSchema } from './config/schema.js';
export type { Column } from './domain/column.js';
export type { RunEvent, RunHeader } from './domain/event.js';
export type { RunFacts } from './domain/evidence.js';
export type { RunResult } from './domain/result.js';
export type { SampleBatch, SampleTable, TextColumn } from './domain/sample.js';
export { batchOf, sampleTable } from './domain/sample-table.js';
export type { Scenario } from './domain/scenario.js';
export type { Verdict } from './domain/verdict.js';
export { readFacts } from './journal/facts.js';
