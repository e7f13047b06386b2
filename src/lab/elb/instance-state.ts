/** Where one instance stands with one balancer, in the lab's own words. */
export type InstancePhase = 'registering' | 'initial' | 'in-service' | 'unhealthy' | 'draining' | 'zone-off' | 'gone';

/** The three fields DescribeInstanceHealth tells a phase by. */
export interface InstanceState {
  readonly State: 'InService' | 'OutOfService';
  readonly ReasonCode: 'ELB' | 'Instance' | 'N/A';
  readonly Description: string;
}

/**
 * AWS's words for each phase. The trap is `draining`: its State is InService, only the Description tells, so a waiter
 * that looks at State alone takes a leaving instance for a serving one.
 */
export const INSTANCE_STATES: Readonly<Record<InstancePhase, InstanceState>> = {
  registering: { State: 'OutOfService', ReasonCode: 'ELB', Description: 'Instance registration is still in progress.' },
  initial: {
    State: 'OutOfService',
    ReasonCode: 'Instance',
    Description: 'Instance has not passed the configured HealthyThreshold number of health checks consecutively.',
  },
  'in-service': { State: 'InService', ReasonCode: 'N/A', Description: 'N/A' },
  unhealthy: {
    State: 'OutOfService',
    ReasonCode: 'Instance',
    Description: 'Instance has failed at least the UnhealthyThreshold number of health checks consecutively.',
  },
  draining: { State: 'InService', ReasonCode: 'N/A', Description: 'Instance deregistration currently in progress.' },
  'zone-off': {
    State: 'OutOfService',
    ReasonCode: 'ELB',
    Description:
      'Instance is in the EC2 Availability Zone for which LoadBalancer is not configured to route traffic to.',
  },
  gone: {
    State: 'OutOfService',
    ReasonCode: 'Instance',
    Description: 'Instance is not currently registered with the LoadBalancer.',
  },
};
