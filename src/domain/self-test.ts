/** What the self-test's peer does to requests, in this order. */
export const SELF_TEST_FAULTS = ['dropped-fin', 'dropped-rst', 'truncated', 'slow', 'hung', 'refused'] as const;
export type SelfTestFault = (typeof SELF_TEST_FAULTS)[number];

/** One fault against one engine: counted where it was injected, and counted again in the rows the engine wrote. */
export interface SelfTestCase {
  readonly fault: SelfTestFault;
  /** Whether the engine vouches for it; what it does not vouch for is shown and never held against it. */
  readonly promised: boolean;
  /** Requests the peer did it to; for `refused`, requests that were sent while nobody listened. */
  readonly injected: number;
  /** Rows of that time that say so, in the class the verdict would give them. */
  readonly seen: number;
  /** Rows of that time that failed in another class. */
  readonly otherwise: number;
}

/** How one engine did against peers of our own that break every request in a known way. Written into the run's header. */
export interface EngineSelfTest {
  readonly engine: string;
  /** The engine's program, null = part of rollproof. */
  readonly version: string | null;
  /** Method of the requests. */
  readonly method: string;
  readonly toolVersion: string;
  readonly node: string;
  /** ISO 8601 UTC. */
  readonly testedAtWall: string;
  readonly cases: readonly SelfTestCase[];
  /** Requests that reached the peer more than once: sent again by the engine without a row that says so. */
  readonly resent: number;
  /** Why the test could not be carried out, or null. */
  readonly error: string | null;
}

/** Fewer prove nothing. */
const INJECTED_MIN = 3;

/** What the engine promised and did not show, one sentence each; empty = it saw all it vouches for. */
export function selfTestMisses(test: EngineSelfTest): readonly string[] {
  if (test.error !== null) return [`the self-test broke: ${test.error}`];
  const promised = test.cases.filter((one) => one.promised);
  const misses = promised.flatMap(({ fault, injected, seen }) => {
    if (injected < INJECTED_MIN) return [`${fault}: only ${injected} requests met it, which proves nothing`];
    return seen < injected ? [`${fault}: ${injected - seen} of ${injected} were not seen`] : [];
  });
  if (promised.length === 0) return test.cases.length === 0 ? ['no fault was tested'] : [];
  const resent = test.resent === 0 ? [] : [`${test.resent} requests were sent again without a row that says so`];
  return [...misses, ...resent];
}

/**
 * Whether what was missed is the engine's way and not a busy machine's: who hides a kind of fault hides it nearly every time,
 * while a machine that stands still for a moment lets one request in a hundred time out or fall beside its mark.
 */
export function isBlind({ cases, resent }: EngineSelfTest): boolean {
  const promised = cases.filter((one) => one.promised && one.injected >= INJECTED_MIN);
  const injected = promised.reduce((sum, one) => sum + one.injected, 0);
  return promised.some(({ seen, injected: due }) => seen * 2 < due) || resent * 10 > injected;
}

/** Whether two tests are of the same thing: engine, its program, rollproof and Node. */
export function isSameSubject(
  test: Pick<EngineSelfTest, 'engine' | 'version' | 'toolVersion' | 'node'>,
  other: Pick<EngineSelfTest, 'engine' | 'version' | 'toolVersion' | 'node'>,
): boolean {
  return (
    test.engine === other.engine &&
    test.version === other.version &&
    test.toolVersion === other.toolVersion &&
    test.node === other.node
  );
}
