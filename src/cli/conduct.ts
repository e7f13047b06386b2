import { resolve } from 'node:path';
import { runSummary } from '../compare/run-summary.js';
import { redactScenario } from '../config/redaction.js';
import { EXIT } from '../domain/errors.js';
import { type EngineFacts, EVENT_SCHEMA_VERSION, type RunEvent, type RunHeader } from '../domain/event.js';
import type { Balancer, TrafficEngine } from '../domain/ports.js';
import type { RunResult } from '../domain/result.js';
import type { Scenario } from '../domain/scenario.js';
import { createRunDirectory, pointLatest } from '../journal/run-directory.js';
import { realClock } from '../run/clock.js';
import { balancerFor, deployerFor, effectiveScenario, engineFor, type LabAccess, probeFor } from '../run/compose.js';
import { gitRevision } from '../run/git-revision.js';
import { writeLastRun } from '../run/last-run.js';
import { type RunEnd, runScenario } from '../run/run-scenario.js';
import { balancerFiles, lockBalancer } from './balancer-lock.js';
import { deriveReports } from './derive.js';
import { errorText } from './error-text.js';
import type { ExternalOptions, ExternalRequest } from './external-options.js';
import { checkExternal, externalLimitMs, externalSetup, lookForWatch, withoutWaits } from './external-setup.js';
import { appendHistory } from './history-file.js';
import type { Io } from './io.js';
import { labAudit } from './lab-audit.js';
import { withLab } from './lab-session.js';
import { liveDisplay } from './live.js';
import { lookBefore, type Seen } from './look-before.js';
import { powerProblemsText } from './plan.js';
import { reconcile } from './reconcile.js';
import type { PassLookup } from './required-pass.js';
import { type Retries, retriesOf } from './retries.js';
import type { RunOptions } from './run.js';
import { engineProof } from './self-test-store.js';
import { endingAfter, endingAtOnce, onStopSignals } from './stop-signals.js';
import { findingsText, printResult } from './summary.js';
import { sendTelemetry } from './telemetry.js';
import { toolVersion } from './version.js';

export interface ConductRequest {
  readonly scenario: Scenario;
  readonly scenarioFile: string | null;
  readonly command: readonly string[];
  readonly options: RunOptions & Pick<ExternalOptions, 'watchEvery'>;
  /** Who does the deploy; null or absent = the scenario's own pipeline. */
  readonly external?: ExternalRequest | null;
  /** Set by a study, which has checked the power of all its runs and prints and keeps their results itself. */
  readonly study?: {
    readonly onDirectory: (dir: string) => void;
    readonly onResult: (result: RunResult) => void;
  };
}

/** The request with its traffic engine, which is found before anything is touched. */
interface Conduct extends ConductRequest {
  readonly engine: TrafficEngine;
  /** Its self-test, under way while the lab starts and the balancer is asked. */
  readonly proof: ReturnType<typeof engineProof>;
}

/** How often the balancer is asked for target states: AWS limits calls, the lab does not. */
const WATCH_AWS_MS = 2_000;
const WATCH_LAB_MS = 400;

/** From a loaded scenario to reports on disk. Returns the exit code: the verdict's, or 2/3 when nothing was touched. */
export async function conductRun(request: ConductRequest, io: Io): Promise<number> {
  const external = request.external ?? null;
  if (external !== null) checkExternal(request.scenario, external);
  const limitMs = external === null ? undefined : externalLimitMs(external, request.scenario.rollout.deploy);
  const problems = request.study === undefined ? powerProblemsText(request.scenario, limitMs) : null;
  if (problems !== null && request.options.force !== true) {
    io.stderr.write(`${problems}nothing was touched (--force runs it all the same)\n`);
    return EXIT.inconclusive;
  }
  const engine = await engineFor(request.scenario, io.env);
  const proof = engineProof(request.scenario.traffic, engine, io);
  // Whoever waits for it hears of its failure; until then nobody does, and that must not end the process.
  proof.catch(() => undefined);
  if (request.scenario.balancer.kind === 'lab' && request.options.quiet !== true) {
    io.stderr.write(`starting the lab (${request.scenario.balancer.preset}) …\n`);
  }
  // Covers the lab's start and the preflight; the run itself has its own way to stop.
  const early = endingAtOnce('nothing was touched', io);
  try {
    return await withLab(
      request.scenario,
      (line) => io.stderr.write(line),
      (lab) => underLab({ ...request, engine, proof }, lab, early, io),
    );
  } finally {
    early();
  }
}

async function underLab(request: Conduct, lab: LabAccess | null, endEarly: () => void, io: Io): Promise<number> {
  const scenario = effectiveScenario(request.scenario, lab);
  const retries = retriesOf(io);
  const balancer = balancerFor(scenario, lab, retries);
  if (request.external?.kind === 'watch') return await watched(request, scenario, balancer, retries, lab, endEarly, io);
  // Before the preflight: what it sees must still be so when the roll begins.
  const release = await lockBalancer(scenario, balancer, scenario.name, io).catch((error: unknown) => {
    balancer.close();
    throw error;
  });
  endEarly();
  const locked = endingAfter('no target was detached, the lock is given back', release, io);
  try {
    await reconcile(scenario, balancer, io);
    const lookup = passLookup(request.options, io);
    const looked = await lookBefore(scenario, balancer, lookup, io);
    const seen = request.external == null ? looked : withoutWaits(looked);
    const forced = request.options.force === true;
    if (seen.findings.some((f) => f.level === 'refused') && !forced) {
      io.stderr.write(
        `${findingsText(seen.findings)}preflight refused; nothing was touched (--force runs it all the same)\n`,
      );
      return EXIT.refused;
    }
    const facts = { capabilities: request.engine.capabilities, selfTest: await request.proof };
    // Without the lock nothing may be touched; the process ends as soon as it is back.
    if (locked.begun()) return await new Promise<never>(() => undefined);
    locked.off();
    return await rolled({ ...request, facts }, scenario, balancer, retries, lab, { ...seen, forced }, io);
  } finally {
    locked.off();
    await release();
    balancer.close();
  }
}

/** Touches nothing, so it takes no lock, repairs nothing and refuses nothing. */
async function watched(
  request: Conduct,
  scenario: Scenario,
  balancer: Balancer,
  retries: Retries,
  lab: LabAccess | null,
  endEarly: () => void,
  io: Io,
): Promise<number> {
  try {
    const seen = await lookForWatch(scenario, balancer);
    const facts = { capabilities: request.engine.capabilities, selfTest: await request.proof };
    endEarly();
    return await rolled({ ...request, facts }, scenario, balancer, retries, lab, { ...seen, forced: true }, io);
  } finally {
    balancer.close();
  }
}

function passLookup({ out, pass, withoutPass }: RunOptions, io: Io): PassLookup {
  const named = pass === undefined ? null : resolve(io.cwd, pass);
  return { out: resolve(io.cwd, out), pass: named, waived: withoutPass === true, now: io.wallTime() };
}

async function rolled(
  request: Conduct & { readonly facts: EngineFacts },
  scenario: Scenario,
  balancer: Balancer,
  retries: Retries,
  lab: LabAccess | null,
  seen: Seen & { readonly forced: boolean },
  io: Io,
): Promise<number> {
  const out = resolve(io.cwd, request.options.out);
  const startedAt = io.wallTime();
  const dir = createRunDirectory(out, scenario.name, startedAt);
  request.study?.onDirectory(dir);
  // At once, so that `recover`, `report` and the next `run` find a run that is killed.
  const note = pointLatest(out, dir);
  const files = balancerFiles(scenario, io.env);
  // A watch changes nothing: what an interrupted run left out must still be found.
  if (files !== null && request.external?.kind !== 'watch')
    writeLastRun(files.lastRun, { dir, runId: runId(scenario, dir, io) });
  const originNs = io.monotonicNs();
  const clock = realClock(originNs);
  const header = runHeader(request, scenario, dir, startedAt, originNs, io);
  const external = request.external ?? null;
  const live = liveDisplay(scenario, clock, request.options, io, external !== null);
  const events: RunEvent[] = [];
  const observer = {
    event(event: RunEvent) {
      events.push(event);
      live.event(event);
    },
    traffic: live.traffic,
  };
  const signals = onStopSignals({ scenario, balancer, events, live, io, external: external?.kind ?? null });
  const deployer = deployerFor(scenario, {
    dir,
    giveUp: signals.giveUp,
    env: { ...io.env, ...lab?.env },
    self: io.self,
    clock,
    monotonicOriginNs: originNs,
    onOutput: live.output,
  });
  const about = { scenario, dir, runId: header.runId, lab, originNs, onOutput: live.output };
  const setup = external === null ? null : await externalSetup(external, about, io);
  const watchEveryMs = request.options.watchEvery ?? (lab === null ? WATCH_AWS_MS : WATCH_LAB_MS);
  const received = () => labAudit(lab?.env, header.runId);
  const { engine } = request;
  const deps = { clock, balancer, probe: probeFor(scenario), engine, deployer, observer, retries, received };
  let end: RunEnd;
  try {
    end = await runScenario(
      { dir, header, scenario, ...seen, watchEveryMs },
      setup === null ? deps : { ...deps, external: setup.plan },
      signals.stop,
      signals.giveUp,
    );
  } finally {
    await setup?.marks.close();
    live.end();
    signals.release();
  }
  tellWhatIsLeft(end, scenario, balancer, io);
  const analysed = endingAtOnce(`the facts are kept: rollproof report ${dir}`, io);
  try {
    const derived = await deriveReports(dir);
    if (request.study !== undefined) request.study.onResult(derived.result);
    else {
      const forgotten = appendHistory(out, runSummary(derived.result, dir), false);
      const notes = [...derived.notes, note, forgotten].filter((n) => n !== null);
      printResult({ ...derived, notes }, dir, { json: request.options.json === true }, io);
      await sendTelemetry(derived.result, request.options, io);
    }
    return signals.exitCode() ?? derived.result.verdict.exitCode;
  } finally {
    analysed();
  }
}

function tellWhatIsLeft(end: RunEnd, scenario: Scenario, balancer: Balancer, io: Io): void {
  if (end.error !== null && end.error.code !== 'INTERRUPTED') io.stderr.write(errorText(end.error, io));
  for (const id of end.stillDetached) {
    const target = scenario.targets.find((t) => t.id === id);
    io.stderr.write(
      `STILL DETACHED: ${id}${target === undefined ? '' : `\n  attach it again with: ${balancer.attachCommand(target)}`}\n`,
    );
  }
}

function runHeader(
  request: Conduct & { readonly facts: EngineFacts },
  scenario: Scenario,
  dir: string,
  startedAt: Date,
  originNs: bigint,
  io: Io,
): RunHeader {
  return {
    kind: 'header',
    schemaVersion: EVENT_SCHEMA_VERSION,
    toolVersion: toolVersion(),
    runId: runId(scenario, dir, io),
    startedAtWall: startedAt.toISOString(),
    monotonicOriginNs: originNs.toString(),
    scenario: redactScenario(scenario),
    scenarioFile: request.scenarioFile,
    command: request.command,
    gitRevision: gitRevision(io.cwd, io.env),
    tools: { ...io.tools, ...request.engine.tools },
    ...(request.options.reportLayout === undefined ? {} : { reportLayout: request.options.reportLayout }),
    engine: request.facts,
  };
}

/** GoCD names its runs; anywhere else the run directory does. */
function runId(scenario: Scenario, dir: string, io: Io): string {
  const { GO_PIPELINE_NAME: pipeline, GO_PIPELINE_COUNTER: counter } = io.env;
  if (pipeline !== undefined && counter !== undefined) return `${pipeline}-${counter}`;
  return `${scenario.name}-${dir.split(/[\\/]/).at(-1) ?? ''}`;
}
