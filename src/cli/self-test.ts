import type { Scenario, TrafficEngineName } from '../domain/scenario.js';
import { type EngineSelfTest, SELF_TEST_FAULTS, type SelfTestFault, selfTestMisses } from '../domain/self-test.js';
import { realClock } from '../run/clock.js';
import { engineFor, replayingK6 } from '../run/compose.js';
import { FOREIGN_PACE, patientSelfTest, QUICK_PACE, selfTestTraffic } from '../self-test/self-test.js';
import type { Io } from './io.js';
import { toolVersion } from './version.js';

/** What is tested: an engine as it is used, or k6 in the one way in which it cannot be. */
export type SelfTestSubject = TrafficEngineName | 'k6-replaying';

interface Setup {
  readonly engine: TrafficEngineName;
  /** JMeter would send a GET again if it were let; k6 does, which is why it is used with another method. */
  readonly method: string;
  readonly faults: readonly SelfTestFault[];
  readonly make: (scenario: Pick<Scenario, 'service' | 'traffic'>, env: Io['env']) => ReturnType<typeof engineFor>;
}

const SETUPS: Readonly<Record<SelfTestSubject, Setup>> = {
  embedded: { engine: 'embedded', method: 'GET', faults: SELF_TEST_FAULTS, make: engineFor },
  k6: { engine: 'k6', method: 'POST', faults: SELF_TEST_FAULTS, make: engineFor },
  'k6-replaying': { engine: 'k6', method: 'GET', faults: ['dropped-fin', 'dropped-rst'], make: replayingK6 },
  jmeter: { engine: 'jmeter', method: 'GET', faults: SELF_TEST_FAULTS, make: engineFor },
};

/**
 * Tests one engine on loopback: about 2 s for the embedded one, 7 s and its start for another. A machine busy with
 * something else can spoil a test, an engine that hides faults hides them every time: a miss is tried again.
 * @throws RollproofError TOOL_MISSING when its program is not there.
 */
export async function testEngine(subject: SelfTestSubject, io: Io, tries = 3): Promise<EngineSelfTest> {
  const { engine: name, method, faults, make } = SETUPS[subject];
  const pace = name === 'embedded' ? QUICK_PACE : FOREIGN_PACE;
  // A missing program is no failed test: it is looked for before, with any address.
  const found = await make(selfTestTraffic(1, method, pace, name), io.env);
  const originNs = io.monotonicNs();
  const about = {
    engine: name,
    version: found.tools?.[name] ?? null,
    method,
    toolVersion: toolVersion(),
    node: io.tools.node ?? 'unknown',
    testedAtWall: io.wallTime().toISOString(),
  };
  const outcome = await patientSelfTest(
    async (port, slower) => {
      const given = selfTestTraffic(port, method, slower, name);
      const engine = await make(given, io.env);
      const { seesResetsOnReuse } = engine.capabilities;
      const workload = {
        source: name,
        runId: 'self-test',
        ...given,
        monotonicOriginNs: originNs.toString(),
        startAt: 0,
        maxDurationMs: 120_000,
      };
      const promised = (fault: SelfTestFault) => seesResetsOnReuse || !fault.startsWith('dropped');
      return { engine, workload, pace: slower, faults, promised };
    },
    pace,
    realClock(originNs),
    (seen) => selfTestMisses({ ...about, ...seen }).length > 0,
    tries,
  );
  return { ...about, ...outcome };
}
