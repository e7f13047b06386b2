import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../domain/event.js';
import type { Balancer, TrafficEngine } from '../domain/ports.js';
import type { Clock } from '../domain/time.js';
import type { EventWriter } from '../journal/event-writer.js';
import { onDisk } from '../journal/run-directory.js';
import { watchBalancer } from './balancer-watch.js';
import { type Holder, runsHere, thisHolder } from './lock.js';
import { guardedSink, type RunRequest } from './run-scenario.js';
import { startTraffic, workloadOf } from './start-traffic.js';
import { liveTraffic, type TrafficSnapshot } from './traffic-view.js';

/** The process that sends a run's traffic: its birth time tells it from a later one with its number. */
export type TrafficPid = Pick<Holder, 'pid' | 'born' | 'host'>;

const VIEW_EVERY_MS = 500;
const pidFile = (dir: string) => join(dir, 'traffic-process.json');
const viewFile = (dir: string) => join(dir, 'traffic-view.json');
/** Where a detached traffic process says what it has to say. */
export const trafficLog = (dir: string) => join(dir, 'traffic.log');

/** The traffic process of a run, whether or not it still lives; null = there was none. */
export function trafficPid(dir: string): TrafficPid | null {
  const value = jsonIn(pidFile(dir)) as Partial<TrafficPid> | null;
  if (typeof value?.pid !== 'number' || typeof value.host !== 'string') return null;
  return { pid: value.pid, born: value.born ?? null, host: value.host };
}

/** Whether the run's traffic process lives on this host. */
export function isTrafficRunning(dir: string): boolean {
  const known = trafficPid(dir);
  return known !== null && runsHere(known);
}

/** What the traffic process last wrote down about who answers; null = nothing. */
export function trafficSnapshot(dir: string): TrafficSnapshot | null {
  return jsonIn(viewFile(dir)) as TrafficSnapshot | null;
}

export interface TrafficProcessDeps {
  readonly writer: EventWriter;
  readonly clock: Clock;
  readonly balancer: Balancer;
  readonly engine: TrafficEngine;
  readonly onEvent: (event: RunEvent) => void;
}

/**
 * The traffic of a run whose steps other processes do: fires, watches the balancer and writes both down until `stop`, or
 * until the request's own end. Resolves with why it broke, null when it did not.
 */
export async function runTraffic(
  request: RunRequest,
  { writer, clock, balancer, engine, onEvent }: TrafficProcessDeps,
  stop: AbortSignal,
): Promise<string | null> {
  const { dir, scenario } = request;
  const halt = new AbortController();
  const observer = { event: onEvent, traffic: () => undefined };
  const events = guardedSink(writer, { observer }, halt);
  const live = liveTraffic(scenario.service.ok, scenario.targets);
  replaced(pidFile(dir), JSON.stringify(thisPid(clock)));
  await engine.prepare?.(workloadOf(request, engine.capabilities.name, clock.now()));
  const ended = new AbortController();
  const ending = () => ended.abort();
  for (const signal of [stop, halt.signal]) signal.addEventListener('abort', ending, { once: true });
  const view = setInterval(() => shown(dir, live.snapshot()), VIEW_EVERY_MS);
  const watch = watchBalancer(scenario.targets, request.watchEveryMs, { balancer, events, clock }, ended.signal);
  try {
    await startTraffic(request, { engine, clock, observer }, events, live, halt, ended.signal);
  } finally {
    clearInterval(view);
    ended.abort();
    await watch;
  }
  const { reason } = halt.signal;
  return halt.signal.aborted && !stop.aborted ? (reason instanceof Error ? reason.message : String(reason)) : null;
}

/** A full disk halts the traffic where samples and facts are written; a view that is old proves nothing to the runner. */
function shown(dir: string, snapshot: TrafficSnapshot): void {
  try {
    replaced(viewFile(dir), JSON.stringify(snapshot));
  } catch (unwritable) {
    void unwritable;
  }
}

function thisPid(clock: Clock): TrafficPid {
  const { pid, born, host } = thisHolder('', clock.wallTime());
  return { pid, born, host };
}

/** Appears whole or not at all, for readers in other processes. */
function replaced(file: string, text: string): void {
  onDisk(`cannot write ${file}`, () => {
    writeFileSync(`${file}.draft`, text);
    renameSync(`${file}.draft`, file);
  });
}

function jsonIn(file: string): object | null {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof value === 'object' ? value : null;
  } catch (absent) {
    void absent;
    return null;
  }
}
