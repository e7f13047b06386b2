import type { RunResult } from '../domain/result.js';
import type { Scenario } from '../domain/scenario.js';
import { realClock } from '../run/clock.js';
import { balancerFor } from '../run/compose.js';
import type { Conduct } from './compare-study.js';
import { washout } from './compare-washout.js';
import { conductRun } from './conduct.js';
import type { Io } from './io.js';
import { retriesOf } from './retries.js';
import type { StudyHeader } from './study-file.js';

/** Runs one attempt as `run` would, but silently: the study tells of it. */
export function conductFor(
  scenarioFile: string,
  header: StudyHeader,
  options: { readonly force?: true },
  io: Io,
): Conduct {
  return async (scenario, out, onDirectory) => {
    let result: RunResult | null = null;
    const force = options.force === true ? ({ force: true } as const) : {};
    const code = await conductRun(
      {
        scenario,
        scenarioFile,
        command: header.command.slice(0, 3),
        options: { out, quiet: true, ...force },
        study: {
          onDirectory,
          onResult(judged) {
            result = judged;
          },
        },
      },
      io,
    );
    return { code, result };
  };
}

/** The lab starts anew for every run; a real fleet needs its time. */
export function washoutFor(scenario: Scenario | undefined, io: Io): () => Promise<void> {
  if (scenario === undefined || scenario.balancer.kind === 'lab') return () => Promise.resolve();
  return async () => {
    const balancer = balancerFor(scenario, null, retriesOf(io));
    try {
      await washout(balancer, scenario.targets, realClock(io.monotonicNs()), new AbortController().signal);
    } finally {
      balancer.close();
    }
  };
}
