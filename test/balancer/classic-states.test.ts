import { describe, expect, it } from 'vitest';
import { classicTargetState } from '../../src/balancer/classic-states.js';

describe('Classic ELB’s states in our words', () => {
  it.each([
    ['InService', 'N/A', 'N/A', 'healthy'],
    ['InService', 'N/A', 'Instance deregistration currently in progress.', 'draining'],
    ['InService', 'N/A', 'Instance deregistration currently in progress', 'draining'],
    ['OutOfService', 'ELB', 'Instance registration is still in progress.', 'initial'],
    [
      'OutOfService',
      'Instance',
      'Instance has failed at least the UnhealthyThreshold number of health checks consecutively.',
      'unhealthy',
    ],
    ['OutOfService', 'Instance', 'Instance is not currently registered with the LoadBalancer.', 'unused'],
    ['Unknown', 'N/A', 'A transient error occurred. Please try again later.', 'unavailable'],
    ['', 'N/A', '', 'unavailable'],
  ])('%s / %s / %s → %s', (state, reason, description, expected) => {
    expect(classicTargetState(state, reason, description)).toBe(expected);
  });
});
