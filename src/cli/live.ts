import { readFileSync } from 'node:fs';
import type { RunEvent } from '../domain/event.js';
import type { PlannedSteps } from '../domain/pipeline.js';
import type { TrafficProgress } from '../domain/ports.js';
import type { Scenario } from '../domain/scenario.js';
import type { TargetId } from '../domain/target.js';
import type { Clock } from '../domain/time.js';
import { pipelineOf } from '../pipeline/compile.js';
import { loadLiveAssets } from '../report/live/live-assets.js';
import { initialLive } from '../report/live/live-timeline.js';
import { eventLines, heartbeatDue, heartbeatLine, plainLines, statusBlock } from '../report/progress.js';
import {
  initialProgress,
  type ProgressState,
  progressAfterEvent,
  progressAfterTraffic,
  progressAt,
} from '../report/progress-state.js';
import { foldedInCi } from './ci-fold.js';
import { type Io, wantsColour } from './io.js';
import { type LivePage, startLivePage } from './live-page.js';
import { expectedMs } from './plan.js';

/** The progress display on stderr: a block redrawn in place on a terminal, append-only lines elsewhere. */
export interface LiveDisplay {
  event(event: RunEvent): void;
  traffic(progress: TrafficProgress): void;
  /** A line of a deploy command's output. */
  output(line: string): void;
  /** Leaves the terminal clean; harmless twice. */
  end(): void;
}

const REDRAW_MS = 250;
const DEPLOY_GUESS_MS = 1_500;

/** Somebody else does the deploy: nothing is known of its steps. */
const NO_STEPS: PlannedSteps = { stages: [] };

/** The options of `run` that say how it is shown. */
export interface LiveOptions {
  readonly quiet?: true;
  readonly live?: true;
  readonly livePort?: number;
}

/**
 * What shows a run while it runs: the terminal unless --quiet, and a page for a browser with --live. Even --quiet keeps a
 * sign of life where no person looks on: a CI server ends a job that says nothing for some minutes (GoCD calls it hung),
 * and a roll sleeps for minutes.
 */
export function liveDisplay(
  scenario: Scenario,
  clock: Clock,
  options: LiveOptions,
  io: Io,
  isExternal = false,
): LiveDisplay {
  const about = {
    title: `${scenario.name} · ${scenario.service.url} · ${scenario.traffic.ratePerSecond} req/s`,
    pipeline: isExternal ? NO_STEPS : pipelineOf(scenario, null),
    targets: scenario.targets.map((t) => t.id),
  };
  const deploys = about.pipeline.stages.flatMap((s) => s.steps).filter((s) => s.kind === 'deploy').length;
  const lastsMs = isExternal ? null : expectedMs(scenario) + deploys * DEPLOY_GUESS_MS;
  const silent = options.quiet === true && io.stderr.isTty;
  const terminal = silent ? null : terminalDisplay(about, lastsMs, clock, io, options.quiet === true);
  const page = options.live === true ? pageDisplay(about, lastsMs, options.livePort ?? 0, clock, io) : null;
  return {
    event(event) {
      terminal?.event(event);
      page?.event(event);
    },
    traffic(progress) {
      terminal?.traffic(progress);
      page?.traffic(progress);
    },
    output: (line) => terminal?.output(line),
    end() {
      terminal?.end();
      page?.end();
    },
  };
}

function pageDisplay(about: About, lastsMs: number | null, port: number, clock: Clock, io: Io): LivePage {
  const assets = loadLiveAssets((path) => readFileSync(path, 'utf8'));
  const start = initialLive(about.title, about.pipeline, about.targets, lastsMs);
  return startLivePage(start, { assets, port }, clock, io);
}

interface About {
  readonly title: string;
  readonly pipeline: PlannedSteps;
  readonly targets: readonly TargetId[];
}

function terminalDisplay(
  { title, pipeline, targets }: About,
  lastsMs: number | null,
  clock: Clock,
  io: Io,
  quiet: boolean,
): LiveDisplay {
  const drawn = io.stderr.isTty && io.env.TERM !== 'dumb';
  const screen = quiet ? heartbeatScreen(io) : drawn ? terminalScreen(io) : plainScreen(io);
  const unfold = quiet ? () => undefined : foldedInCi(io);
  const typed = outputBuffer();
  let state = initialProgress(title, pipeline, targets, lastsMs);
  const draw = () => {
    const lines = typed.take().map((text) => ({ at: clock.now(), level: 'info' as const, text: `  ${text}` }));
    if (lines.length > 0) state = { ...state, log: [...state.log, ...lines] };
    screen.draw(state);
  };
  const timer = setInterval(() => {
    state = progressAt(state, clock.now());
    draw();
  }, REDRAW_MS);
  let ended = false;
  return {
    event(event) {
      // What the deploy command said before comes before.
      draw();
      state = progressAfterEvent(state, event);
      screen.draw(state);
    },
    traffic(progress) {
      state = progressAfterTraffic(state, progress, clock.now());
    },
    output: typed.add,
    end() {
      if (ended) return;
      ended = true;
      clearInterval(timer);
      draw();
      screen.close();
      unfold();
    },
  };
}

/** A deploy command may print megabytes; a person reads this many lines of them per redraw. */
const OUTPUT_LINES_MAX = 40;

function outputBuffer(): { add(line: string): void; take(): string[] } {
  let lines: string[] = [];
  let skipped = 0;
  return {
    add(line) {
      if (lines.length < OUTPUT_LINES_MAX) lines.push(line);
      else skipped++;
    },
    take() {
      const taken = skipped === 0 ? lines : [...lines, `… ${skipped} more lines of output`];
      lines = [];
      skipped = 0;
      return taken;
    },
  };
}

interface Screen {
  draw(state: ProgressState): void;
  close(): void;
}

/** Below the 30 s that B3 rule 13 of the engine's design allows, whatever the redraws are late. */
const QUIET_BEAT_MS = 25_000;

/** Nothing but a sign of life. */
function heartbeatScreen(io: Io): Screen {
  let lastAt = 0;
  return {
    draw(state) {
      if (state.elapsedMs - lastAt < QUIET_BEAT_MS) return;
      io.stderr.write(`${heartbeatLine(state)}\n`);
      lastAt = state.elapsedMs;
    },
    close: () => undefined,
  };
}

function plainScreen(io: Io): Screen {
  let printed = 0;
  let lastAt = 0;
  const print = (line: string, at: number) => {
    io.stderr.write(`${line}\n`);
    lastAt = at;
  };
  return {
    draw(state) {
      for (const line of plainLines(state, printed)) print(line, state.elapsedMs);
      printed = state.log.length;
      if (heartbeatDue(lastAt, state.elapsedMs)) print(heartbeatLine(state), state.elapsedMs);
    },
    close: () => undefined,
  };
}

/** Erases the block, lets new lines scroll above it, draws it again: plain cursor movement, no alternate screen. */
function terminalScreen(io: Io): Screen {
  const colour = wantsColour(io.stderr, io.env);
  let printed = 0;
  let height = 0;
  const erase = () => (height === 0 ? '' : `\x1b[${height}A\x1b[0J`);
  return {
    draw(state) {
      const lines = eventLines(state, printed, colour).map((l) => `${l}\n`);
      printed = state.log.length;
      // The last lines say the most; a block higher than the screen could not be erased again.
      const whole = statusBlock(state, { width: Math.max(1, io.stderr.columns - 1), color: colour });
      const block = whole.slice(-Math.max(1, io.stderr.rows - 1));
      io.stderr.write(`${erase()}${lines.join('')}${block.map((l) => `${l}\n`).join('')}`);
      height = block.length;
    },
    close() {
      io.stderr.write(erase());
      height = 0;
    },
  };
}
