/** The user's name for one server, e.g. `staging-1`. */
export type TargetId = string;

export interface Target {
  readonly id: TargetId;
  /** What the balancer calls it: an EC2 instance id for ELB. */
  readonly instance: string;
  /** Its own address, past the balancer, for direct probes; absent or null = not known. */
  readonly url?: string | null;
  /** Its availability zone; absent or null = not known. */
  readonly zone?: string | null;
}

/** ELBv2's words, used for every balancer (table in docs/glossary.md). */
export const TARGET_STATES = ['initial', 'healthy', 'unhealthy', 'draining', 'unused', 'unavailable'] as const;
export type TargetState = (typeof TARGET_STATES)[number];

export interface TargetHealth {
  readonly target: TargetId;
  readonly state: TargetState;
  /** True while the balancer's own list of members names it. A draining target is already absent. */
  readonly registered: boolean;
  readonly reasonCode: string;
  /** The balancer's words: untrusted text, escape before showing. */
  readonly description: string;
}
