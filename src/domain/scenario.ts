import type { BalancerConfig } from './balancer-config.js';
import type { Lane } from './sample.js';
import type { Target, TargetId } from './target.js';

export type { BalancerConfig, LabKnobValue } from './balancer-config.js';

/** A resolved scenario file: every default filled in, every duration in ms, every rate per second. */
export interface Scenario {
  readonly name: string;
  readonly description: string;
  /** Where the target runs, e.g. `staging`; runs of different environments are never pooled. */
  readonly environment: string;
  readonly service: Service;
  readonly balancer: BalancerConfig;
  readonly targets: readonly [Target, ...Target[]];
  readonly rollout: Rollout;
  readonly traffic: Traffic;
  readonly policy: Policy;
  /** What must have passed before this may run; null = nothing. */
  readonly requires?: Requirement | null;
  /** What a run of this file is known to end in; used by demos and the detection matrix, never by the verdict. */
  readonly expect: ExpectedEnd | null;
}

export interface Service {
  /** Absolute http(s) URL. With `balancer.kind: lab` host and port are replaced by the lab's; the path stays. */
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** The file `body` was read from; its text is not written to the run directory. Absent or null = inline. */
  readonly bodyFile?: string | null;
  readonly ok: OkRule;
  readonly identity: IdentityHeaders;
  /** Several requests, drawn by weight for every arrival of the lanes `new`, `reuse` and `h2`; absent or empty = the one above. */
  readonly requests?: readonly WeightedRequest[];
  /** Rows whose cells stand in for `{{column}}` in `requests`; absent or null = none. */
  readonly values?: ValuesTable | null;
}

/** One of several requests. Path, header values and body may hold `{{column}}`. */
export interface WeightedRequest {
  readonly name: string;
  /** Relative to the other requests. */
  readonly weight: number;
  readonly method: string;
  /** Path and query; null = those of the service's URL. */
  readonly path: string | null;
  /** The service's own among them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly bodyFile: string | null;
  /** Null = the service's rule. */
  readonly ok: OkRule | null;
}

/** A CSV file: one row per arrival, its cells by column. */
export interface ValuesTable {
  readonly file: string;
  /** `sequence`: arrival k takes row k modulo their number; `random`: drawn by the traffic's seed. */
  readonly order: 'sequence' | 'random';
  readonly columns: readonly string[];
  /** As many cells each as there are columns; empty in a run directory, where only `rowCount` is kept. */
  readonly rows: readonly (readonly string[])[];
  readonly rowCount: number;
}

export interface OkRule {
  /** Inclusive status ranges that count as success. */
  readonly status: readonly (readonly [number, number])[];
  /** Text the body must contain, or null for no body check. */
  readonly bodyContains: string | null;
}

/** Response header names (lower case) that say who answered. */
export interface IdentityHeaders {
  readonly target: string;
  readonly version: string;
  readonly bootId: string | null;
}

/** A PASS of the same version elsewhere, e.g. on staging before production. */
export interface Requirement {
  readonly environment: string;
  /** Older than this it does not count, ms. */
  readonly maxAgeMs: number;
  /** Run directory or pass.json to look at; null = the newest that fits below --out. */
  readonly pass: string | null;
}

export type WaitMode = 'sleep' | 'health' | 'both';

export interface Rollout {
  readonly strategy: 'rolling' | 'stages' | 'blue-green';
  /** Only for strategy `blue-green`: who comes and who goes; absent or null = not written. */
  readonly blueGreen?: BlueGreen | null;
  /** Only for strategy `stages`: the explicit stages. */
  readonly stages: readonly ExplicitStage[];
  readonly sleep: { readonly afterDetachMs: number; readonly afterAttachMs: number };
  readonly wait: WaitMode;
  /** How long an `await` step may take before the step fails; null = computed from the balancer's configuration. */
  readonly awaitTimeoutMs: number | null;
  /** How long a state must hold without a break before an `await` step believes it, ms; absent = 2 s. */
  readonly settleMs?: number;
  /** What becomes of a target whose deploy failed: left as it is, or given the previous version; absent = stop. */
  readonly onFailure?: 'stop' | 'rollback';
  /** How long users' requests may run, ms; null or absent = not said: as long as our own. */
  readonly longestRequestMs?: number | null;
  /** Whether a detach is done only when the balancer says `unused`, where it says `draining` long after; absent = no. */
  readonly awaitUnused?: boolean;
  /** Other targets that must be healthy before any detach; checked live. */
  readonly minInService: number;
  readonly deploy: DeployConfig;
  readonly version: string;
  readonly previousVersion: string | null;
}

/** Every target is in one of the two groups. */
export interface BlueGreen {
  /** Out of the balancer at the start; gets the new version, then comes in. */
  readonly green: readonly TargetId[];
  /** In service at the start; leaves when green serves. */
  readonly blue: readonly TargetId[];
  /** What becomes of blue when it is out: nothing, or the deploy command too. */
  readonly retire: 'keep' | 'deploy';
}

export interface ExplicitStage {
  readonly name: string;
  readonly steps: readonly ExplicitStep[];
}
export type ExplicitStep =
  | { readonly kind: 'detach' | 'attach' | 'deploy'; readonly target: TargetId }
  | { readonly kind: 'sleep'; readonly ms: number };

export type DeployConfig =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'command';
      /** argv. A first word `rollproof` means this very program. */
      readonly command: readonly [string, ...string[]];
      /** Run through the shell: only when asked for. */
      readonly shell: boolean;
      readonly timeoutMs: number;
      readonly env: Readonly<Record<string, string>>;
      readonly cwd: string | null;
    };

export type TrafficEngineName = 'embedded' | 'k6' | 'jmeter';

export interface Traffic {
  readonly engine: TrafficEngineName;
  /** Own k6 script (engine k6) instead of the probe; absent in runs older than the engine. */
  readonly script?: string | null;
  /** Own JMX plan (engine jmeter) instead of the generated one; absent in runs older than the engine. */
  readonly plan?: string | null;
  /** Arrivals per second of the lanes `new`, `reuse` and `h2` together. */
  readonly ratePerSecond: number;
  readonly lanes: {
    /** Relative weights, drawn at random per arrival. */
    readonly newWeight: number;
    readonly reuseWeight: number;
    /** HTTP/2 over TLS, engine embedded; absent = 0. */
    readonly h2Weight?: number;
    readonly long: LongLane | null;
    /** Asked for, but not run: the engine would not see what breaks there. Never a PASS; absent = none. */
    readonly leftOut?: readonly Lane[];
  };
  readonly timeoutMs: number;
  readonly warmUpMs: number;
  readonly baselineMs: number;
  readonly settleMs: number;
  /** Requests that may be in flight at once; null = sized from rate × timeout. */
  readonly maxInFlight: number | null;
  readonly seed: number;
  readonly tls: TlsSettings;
  /** Addresses to use for a host instead of DNS, `ip` or `ip:port`; all of them are used. */
  readonly resolve: Readonly<Record<string, readonly string[]>>;
  /** Self-test: block the generator's thread once, to show that the verdict notices. Null in every real scenario. */
  readonly injectStall: { readonly atMs: number; readonly durationMs: number } | null;
  /** Engine embedded: wake for arrivals to a quarter of a ms instead of to a whole one, for CPU; absent = no. */
  readonly precise?: boolean;
  /** Engines embedded and k6: fire the plan from so many threads or processes; absent = 1. */
  readonly segments?: number;
}

/** TLS towards the service. */
export interface TlsSettings {
  readonly caFile: string | null;
  readonly serverName: string | null;
  readonly insecure: boolean;
  /** Client certificate (with its chain) and its key, PEM; both or neither. Absent or null = none. */
  readonly certFile?: string | null;
  readonly keyFile?: string | null;
  /** Of an encrypted key, from the environment; never in a run directory. Absent or null = none. */
  readonly keyPassphrase?: string | null;
}

/** Requests held open long enough to be in flight at a detach. */
export interface LongLane {
  readonly ratePerSecond: number;
  /** Path and query; `{ms}` becomes the drawn hold time. */
  readonly path: string;
  readonly minHoldMs: number;
  readonly maxHoldMs: number;
}

export interface Policy {
  readonly mode: 'strict' | 'budget' | 'attributed';
  readonly alpha: number;
  readonly excessAlpha: number;
  /** Availability that must be shown, e.g. 0.999. */
  readonly slo: number;
  /** Largest total outage that may go unseen, ms. */
  readonly fullOutageMs: number;
  /** Largest one-target outage that may go unseen, ms. */
  readonly targetOutageMs: number;
  /** Budget mode: longest tolerated outage, ms. */
  readonly maxOutageMs: number;
  /** Attributed mode: tolerated excess failure probability. */
  readonly delta: number;
  readonly requireDrain: boolean;
  /** Latency objective on ended − scheduled, ms; null = none. */
  readonly slowMs: number | null;
  /** Whether a failed DNS look-up counts as unknown (default) or as a failure. */
  readonly dns: 'unknown' | 'fail';
  readonly gates: GatePolicy;
}

/** Generator-health thresholds of verdict.md §2; ratios over the judged arrivals. */
export interface GatePolicy {
  readonly maxLost: number;
  readonly maxDropped: number;
  readonly maxClientErrors: number;
  readonly maxForged: number;
  readonly maxStallMs: number;
  readonly lateMs: number;
  readonly maxLate: number;
  readonly maxControlFailed: number;
  readonly minBaseline: number;
  readonly minStamped: number;
  readonly maxClockErrorMs: number;
}

export interface ExpectedEnd {
  /** REFUSED: preflight or a lock stops the run before anything is touched (exit 3). */
  readonly verdict: 'PASS' | 'FAIL' | 'INCONCLUSIVE' | 'REFUSED';
  readonly codes: readonly string[];
  /** Cause code that must rank first in some outage, or null. */
  readonly cause: string | null;
}

export { DEFAULT_GATES, DEFAULT_POLICY } from './default-policy.js';
