import type { InstancePhase } from '../instance-state.js';
import type { CheckFailure } from '../node-view-port.js';

/** The three fields DescribeTargetHealth tells a target's health by; a healthy one has no reason. */
export interface TargetHealth {
  readonly State: 'initial' | 'healthy' | 'unhealthy' | 'unused' | 'draining' | 'unavailable';
  readonly Reason?: string;
  readonly Description?: string;
}

/** Where a target stands: the phases of an instance, and a group no balancer routes to. */
export type TargetPhase = InstancePhase | 'not-in-use';

/** AWS's words for each phase (alb:target-group-health-checks, "Target health status" and "reason codes"). */
export function targetHealthOf(phase: TargetPhase, failures: readonly CheckFailure[]): TargetHealth {
  switch (phase) {
    case 'registering':
      return told('initial', 'Elb.RegistrationInProgress', 'Target registration is in progress');
    case 'initial':
      return told('initial', 'Elb.InitialHealthChecking', 'Initial health checks in progress');
    case 'in-service':
      return { State: 'healthy' };
    case 'unhealthy':
      return unhealthy(failures);
    case 'draining':
      return told('draining', 'Target.DeregistrationInProgress', 'Target deregistration is in progress');
    case 'zone-off':
      return told(
        'unused',
        'Target.NotInUse',
        'Target is in an Availability Zone that is not enabled for the load balancer',
      );
    case 'not-in-use':
      return told(
        'unused',
        'Target.NotInUse',
        'Target group is not configured to receive traffic from the load balancer',
      );
    case 'gone':
      return told('unused', 'Target.NotRegistered', 'Target is not registered to the target group');
  }
}

/** Answers outweigh silence: the codes say more than a timeout, a timeout more than a connection that failed. */
function unhealthy(failures: readonly CheckFailure[]): TargetHealth {
  const codes = [...new Set(failures.flatMap((failure) => (failure.kind === 'status' ? [failure.status] : [])))];
  if (codes.length > 0) {
    const shown = codes.sort((a, b) => a - b).join(', ');
    return told('unhealthy', 'Target.ResponseCodeMismatch', `Health checks failed with these codes: [${shown}]`);
  }
  if (failures.some((failure) => failure.kind === 'timeout')) {
    return told('unhealthy', 'Target.Timeout', 'Request timed out');
  }
  return told('unhealthy', 'Target.FailedHealthChecks', 'Health checks failed');
}

function told(State: TargetHealth['State'], Reason: string, Description: string): TargetHealth {
  return { State, Reason, Description };
}
