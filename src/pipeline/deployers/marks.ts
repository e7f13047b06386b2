import type { AppChange, RunEvent } from '../../domain/event.js';
import type { TargetId } from '../../domain/target.js';

const CHANGES: ReadonlySet<string> = new Set<AppChange>(['stopping', 'down', 'up', 'ready']);

/**
 * What a deploy command wrote into ROLLPROOF_MARK_FILE: one JSON object per line,
 * `{"what":"stopping"|"down"|"up"|"ready","target":"staging-1","monotonicNs":"123"}`, `monotonicNs` being this host's
 * CLOCK_MONOTONIC. Lines that are not that are counted, not trusted.
 * @param originNs CLOCK_MONOTONIC at instant 0.
 */
export function appChangesIn(text: string, originNs: bigint): { events: RunEvent[]; ignored: number } {
  const events: RunEvent[] = [];
  let ignored = 0;
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const mark = markIn(line);
    if (mark === null) ignored++;
    else
      events.push({
        kind: 'app-observed',
        at: Number(mark.ns - originNs) / 1e6,
        target: mark.target,
        what: mark.what,
        via: 'mark',
      });
  }
  return { events, ignored };
}

function markIn(line: string): { what: AppChange; target: TargetId; ns: bigint } | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (notJson) {
    void notJson;
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { what, target, monotonicNs } = value as Record<string, unknown>;
  if (typeof what !== 'string' || !CHANGES.has(what) || typeof target !== 'string') return null;
  if (typeof monotonicNs !== 'string' || !/^\d{1,20}$/.test(monotonicNs)) return null;
  return { what: what as AppChange, target, ns: BigInt(monotonicNs) };
}
