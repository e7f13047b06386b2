import { RollproofError } from '../domain/errors.js';
import type { Balancer } from '../domain/ports.js';
import type { DeployConfig, Scenario } from '../domain/scenario.js';
import { preflightFindings } from '../pipeline/safety/preflight.js';
import type { LabAccess } from '../run/compose.js';
import type { ExternalPlan } from '../run/external-deploy.js';
import { type ExternalRequest, startedAs } from './external-options.js';
import type { Io } from './io.js';
import type { Seen } from './look-before.js';
import { type MarkChannel, openMarkChannel } from './mark-channel.js';

const TIMEOUT_MS = 30 * 60_000;

/**
 * Who a deploy that is not ours moves is seen from outside, one target that leaves and comes back at a time: two groups that
 * change places are not told apart from targets that are merely lost. @throws RollproofError ARGUMENT_INVALID.
 */
export function checkExternal({ rollout }: Pick<Scenario, 'rollout'>, { kind }: Pick<ExternalRequest, 'kind'>): void {
  if (rollout.strategy !== 'blue-green') return;
  const [what, instead] =
    kind === 'watch'
      ? [
          'watch cannot judge',
          'let rollproof make it: rollproof run SCENARIO, with rollout.deploy.command for one target',
        ]
      : [
          'a command of your own cannot make',
          'leave the command behind -- out: rollout.deploy.command deploys on one target',
        ];
  throw new RollproofError(
    'ARGUMENT_INVALID',
    `${what} a blue-green deploy: from outside, blue that has left and green that has not come yet look like lost targets`,
    { hint: `${instead}; where targets are replaced in place, write rollout.strategy: rolling` },
  );
}

/** How long a deploy that is not ours may take at most, ms. */
export function externalLimitMs(request: ExternalRequest, deploy: DeployConfig): number {
  if (request.kind === 'watch') return request.maxDurationMs;
  return request.timeoutMs ?? Math.max(TIMEOUT_MS, deploy.kind === 'command' ? deploy.timeoutMs : 0);
}

export interface ExternalSetup {
  readonly plan: ExternalPlan;
  readonly marks: MarkChannel;
}

/** Opens the way for marks and says how a deploy that is not ours is run or watched. */
export async function externalSetup(
  request: ExternalRequest,
  run: {
    readonly scenario: Scenario;
    readonly dir: string;
    readonly runId: string;
    readonly lab: LabAccess | null;
    readonly originNs: bigint;
    readonly onOutput: (line: string) => void;
  },
  io: Io,
): Promise<ExternalSetup> {
  const { scenario, lab, onOutput, originNs: monotonicOriginNs } = run;
  const marks = await openMarkChannel(run.dir, scenario.targets, io);
  const shared = { onOutput, monotonicOriginNs, readMarks: marks.read };
  if (request.kind === 'watch') {
    io.stderr.write(watchText(scenario, lab, marks));
    const { untilIdleMs, maxDurationMs } = request;
    return { marks, plan: { ...shared, kind: 'watch', untilIdleMs, maxDurationMs } };
  }
  const env = { ...io.env, ...lab?.env, ...deployEnv(scenario, run.runId), ...marks.env };
  const command = startedAs(request.command, io.self, io.cwd);
  const timeoutMs = externalLimitMs(request, scenario.rollout.deploy);
  return { marks, plan: { ...shared, kind: 'command', command, timeoutMs, attachLeft: request.attachLeft, env } };
}

function deployEnv({ rollout, targets, balancer }: Scenario, runId: string): Readonly<Record<string, string>> {
  return {
    ROLLPROOF_VERSION: rollout.version,
    ROLLPROOF_PREVIOUS_VERSION: rollout.previousVersion ?? '',
    // `id=instance` each: what a script loops over.
    ROLLPROOF_TARGETS: targets.map((t) => `${t.id}=${t.instance}`).join(' '),
    ROLLPROOF_BALANCER: balancer.name,
    ROLLPROOF_RUN_ID: runId,
  };
}

/** What the one who deploys needs from here. */
function watchText(scenario: Scenario, lab: LabAccess | null, marks: MarkChannel): string {
  const env = { ...lab?.env, ...marks.env };
  const lines = Object.entries(env).map(([name, value]) => `  export ${name}=${value}\n`);
  const { warmUpMs, baselineMs } = scenario.traffic;
  const after = `${Math.ceil((warmUpMs + baselineMs) / 1000)} s`;
  return `watching ${scenario.name}: start the deploy in ${after}. For its shell:\n${lines.join('')}`;
}

/** Looks at the balancer for a run that touches nothing: what is found stands in the report and stops nobody. */
export async function lookForWatch(scenario: Scenario, balancer: Balancer): Promise<Seen> {
  const signal = new AbortController().signal;
  const facts = await balancer.describe(signal);
  const health = await balancer.health(scenario.targets, signal);
  return { facts, findings: withoutWaits({ facts, findings: preflightFindings(scenario, facts, health) }).findings };
}

/** The scenario's own sleeps are not slept: what the preflight says about them is about another deploy. */
export function withoutWaits({ facts, findings }: Seen): Seen {
  return { facts, findings: findings.filter((f) => f.id !== 'leave' && f.id !== 'return') };
}
