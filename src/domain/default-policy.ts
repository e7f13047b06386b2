import type { GatePolicy, Policy } from './scenario.js';

/** verdict.md §2. */
export const DEFAULT_GATES: GatePolicy = {
  maxLost: 0.001,
  maxDropped: 0.001,
  maxClientErrors: 0.001,
  maxForged: 0.001,
  maxStallMs: 250,
  lateMs: 100,
  maxLate: 0.01,
  maxControlFailed: 0.001,
  minBaseline: 1000,
  minStamped: 0.99,
  maxClockErrorMs: 50,
};

/** verdict.md §7. */
export const DEFAULT_POLICY: Policy = {
  mode: 'strict',
  alpha: 0.05,
  excessAlpha: 0.01,
  slo: 0.999,
  fullOutageMs: 250,
  targetOutageMs: 1000,
  maxOutageMs: 0,
  delta: 0.001,
  requireDrain: false,
  slowMs: null,
  dns: 'unknown',
  gates: DEFAULT_GATES,
};
