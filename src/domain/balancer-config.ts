/** A resolved `balancer:` block: which load balancer it is, and how it is reached. */
export type BalancerConfig =
  | {
      readonly kind: 'elb-classic';
      readonly name: string;
      readonly region: string;
      /** Another API endpoint than AWS's, e.g. a lab started apart; null for AWS. */
      readonly endpoint: string | null;
      /** What the user says about Auto Scaling, which the ELB API does not tell; null = nothing said. */
      readonly autoScaling?: 'none' | 'suspended' | null;
      /** Also keep the lock as a tag on the balancer, for runs started on other machines. */
      readonly lockTag?: boolean;
    }
  | {
      /** A target group of an Application or Network Load Balancer; `region` to `lockTag` as for Classic. */
      readonly kind: 'elbv2';
      /** The target group's name, also where the file names it by its ARN: one target group has one name. */
      readonly name: string;
      /** Its ARN where the file gives it; null = looked up by name. */
      readonly arn: string | null;
      /** The port targets are registered with; null = the target group's own. */
      readonly port: number | null;
      readonly region: string;
      readonly endpoint: string | null;
      readonly autoScaling?: 'none' | 'suspended' | null;
      readonly lockTag?: boolean;
    }
  | {
      /** A backend of a running HAProxy, through its runtime API. */
      readonly kind: 'haproxy';
      /** The backend's name. */
      readonly name: string;
      /** A path, or host:port. */
      readonly socket: string;
      readonly drainTimeoutMs: number;
      readonly afterDrain: 'maint' | 'drain';
      /** HAProxy's `inter`; null = not known. */
      readonly checkIntervalMs: number | null;
    }
  | {
      readonly kind: 'lab';
      readonly name: string;
      readonly preset: string;
      readonly seed: number;
      /** Overrides of the preset's knobs; names and units are the lab's (docs/lab.md). */
      readonly knobs: Readonly<Record<string, LabKnobValue>>;
    };

/** A value of one of the lab's knobs; durations in ms. */
export type LabKnobValue = number | boolean | string | readonly [number, number];
