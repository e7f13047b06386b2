import { describe, expect, it } from 'vitest';
import { elbv2TargetState } from '../../src/balancer/elbv2-states.js';

describe('ELBv2’s states in our words, and who is still registered', () => {
  it.each([
    ['initial', 'Elb.RegistrationInProgress', 'initial', true],
    ['initial', 'Elb.InitialHealthChecking', 'initial', true],
    ['healthy', 'N/A', 'healthy', true],
    ['unhealthy', 'Target.ResponseCodeMismatch', 'unhealthy', true],
    ['unhealthy', 'Target.Timeout', 'unhealthy', true],
    ['unhealthy', 'Target.FailedHealthChecks', 'unhealthy', true],
    ['unhealthy', 'Elb.InternalError', 'unhealthy', true],
    ['unhealthy.draining', 'Target.FailedHealthChecks', 'unhealthy', true],
    ['draining', 'Target.DeregistrationInProgress', 'draining', false],
    ['unused', 'Target.NotRegistered', 'unused', false],
    ['unused', 'Target.NotInUse', 'unused', true],
    ['unused', 'Target.InvalidState', 'unused', true],
    ['unused', 'Target.IpUnusable', 'unused', true],
    ['unavailable', 'Target.HealthCheckDisabled', 'unavailable', true],
    ['a word of tomorrow', '', 'unavailable', true],
    ['', '', 'unavailable', true],
  ])('%s / %s → %s, registered %s', (state, reason, expected, registered) => {
    expect(elbv2TargetState(state, reason)).toEqual({ state: expected, registered });
  });
});
