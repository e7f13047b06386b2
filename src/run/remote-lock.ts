import { RollproofError } from '../domain/errors.js';
import type { LockTag } from '../domain/ports.js';
import type { Clock } from '../domain/time.js';
import { type Holder, holderText, isGone } from './lock.js';

/** How long to wait before a second look, ms: longer than two writers can be apart and not see each other. */
const SETTLE_MS = [1_000, 3_000] as const;
/** How often a read may be behind our own write. */
const LOOKS = 5;

/**
 * The lock as one text at the balancer, for runs started on other machines. Writing it is not atomic, the last writer
 * wins: so it is read again after a random wait, and whoever does not find its own text leaves. A text left behind is
 * taken over only when its holder was a process of this host that is gone; anything else takes a person
 * (`rollproof unlock --force`), because what that run detached may only be known where its journal is.
 * @throws RollproofError LOCK_HELD naming the holder. @returns what gives it back, if it is still ours.
 */
export async function acquireRemoteLock(
  tag: LockTag,
  holder: Holder,
  deps: { readonly clock: Clock; readonly random: () => number },
  signal: AbortSignal,
): Promise<() => Promise<void>> {
  const ours = tagText(holder);
  const before = await tag.read(signal);
  refuseIfHeld(before, ours);
  try {
    await tag.write(ours, signal);
    const now = await settledText(tag, before, deps, signal);
    if (now !== ours) {
      throw new RollproofError('LOCK_HELD', `another run took the lock of this load balancer: ${textOf(now)}`, {
        hint: 'wait for it, then run again',
      });
    }
  } catch (cause) {
    // Our text would keep everybody out who does not run on this host.
    await removeOurs(tag, ours, signal).catch(() => undefined);
    throw cause;
  }
  return () => removeOurs(tag, ours, signal);
}

async function removeOurs(tag: LockTag, ours: string, signal: AbortSignal): Promise<void> {
  if ((await tag.read(signal)) === ours) await tag.remove(signal);
}

/** What the tag says after the wait; a read that still shows what was there before our write is behind it, and repeated. */
async function settledText(
  tag: LockTag,
  before: string | null,
  { clock, random }: { readonly clock: Clock; readonly random: () => number },
  signal: AbortSignal,
): Promise<string | null> {
  const [low, high] = SETTLE_MS;
  for (let look = 1; ; look++) {
    await clock.sleep(low + random() * (high - low), signal);
    const now = await tag.read(signal);
    if (now !== before || look === LOOKS) return now;
  }
}

function refuseIfHeld(text: string | null, ours: string): void {
  if (text === null || text === ours) return;
  const holder = holderOf(text);
  if (holder !== null && isGone(holder)) return;
  throw new RollproofError('LOCK_HELD', `the load balancer is locked: ${textOf(text)}`, {
    hint: 'wait for that run; if it is gone for good: rollproof unlock <scenario> --force',
  });
}

/** A tag's value has at most 256 characters, of letters, digits, spaces and `_ . : / = + - @` (AWS, tag restrictions). */
export function tagText({ runId, owner = 'unknown', pid, born, host, since, isShared }: Holder): string {
  const safe = (text: string, max: number) => text.replace(/[^A-Za-z0-9._:/+@-]/g, '-').slice(0, max);
  if (isShared === true)
    return `run=${safe(runId, 90)} by=${safe(owner, 20)} pid=${pid} born=${born ?? ''} host=${safe(host, 60)} since=${since} shared=1`;
  return `run=${safe(runId, 90)} by=${safe(owner, 30)} pid=${pid} born=${born ?? ''} host=${safe(host, 60)} since=${since}`;
}

/** The holder a tag names; null when the text is not one of ours. */
export function holderOf(text: string): Holder | null {
  const field = (name: string) => new RegExp(`(?:^| )${name}=(\\S*)`).exec(text)?.[1] ?? '';
  const pid = Number(field('pid'));
  if (!Number.isInteger(pid) || pid <= 0 || field('run') === '') return null;
  const born = field('born') === '' ? null : field('born');
  const shared = field('shared') === '1' ? ({ isShared: true } as const) : {};
  return { pid, born, host: field('host'), owner: field('by'), runId: field('run'), since: field('since'), ...shared };
}

/**
 * The lock tag of a run in several processes: taken by the first of them, found again by the others, because only the
 * run's name in it counts. @throws RollproofError LOCK_HELD.
 */
export async function joinRemoteLock(
  tag: LockTag,
  holder: Holder,
  deps: { readonly clock: Clock; readonly random: () => number },
  signal: AbortSignal,
): Promise<void> {
  if (!isOfRun(await tag.read(signal), holder)) await acquireRemoteLock(tag, holder, deps, signal);
}

/** Gives the tag back if it is this run's. */
export async function releaseRemoteLock(tag: LockTag, holder: Holder, signal: AbortSignal): Promise<void> {
  if (isOfRun(await tag.read(signal), holder)) await tag.remove(signal);
}

/** Compared as a tag holds it: what it cannot hold is replaced. */
function isOfRun(text: string | null, holder: Holder): boolean {
  const held = text === null ? null : holderOf(text);
  const ours = holderOf(tagText(holder));
  return held !== null && held.isShared === true && held.runId === ours?.runId && held.host === ours.host;
}

function textOf(text: string | null): string {
  const holder = text === null ? null : holderOf(text);
  return holder === null ? (text ?? 'the tag is gone') : holderText(holder);
}
