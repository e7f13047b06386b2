import { RollproofError } from '../domain/errors.js';
import type { LockTag } from '../domain/ports.js';
import type { Clock } from '../domain/time.js';
import { type Holder, holderText, isGone } from './lock.js';

/** How long to wait before a second look, ms: longer than two writers can be apart and not see each other. */
const SETTLE_MS = [1_000, 3_000] as const;

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
  refuseIfHeld(await tag.read(signal), ours);
  await tag.write(ours, signal);
  const [low, high] = SETTLE_MS;
  await deps.clock.sleep(low + deps.random() * (high - low), signal);
  const now = await tag.read(signal);
  if (now !== ours) {
    throw new RollproofError('LOCK_HELD', `another run took the lock of this load balancer: ${textOf(now)}`, {
      hint: 'wait for it, then run again',
    });
  }
  return async () => {
    if ((await tag.read(signal)) === ours) await tag.remove(signal);
  };
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
export function tagText({ runId, owner = 'unknown', pid, born, host, since }: Holder): string {
  const safe = (text: string, max: number) => text.replace(/[^A-Za-z0-9._:/+@-]/g, '-').slice(0, max);
  return `run=${safe(runId, 90)} by=${safe(owner, 30)} pid=${pid} born=${born ?? ''} host=${safe(host, 60)} since=${since}`;
}

/** The holder a tag names; null when the text is not one of ours. */
export function holderOf(text: string): Holder | null {
  const field = (name: string) => new RegExp(`(?:^| )${name}=(\\S*)`).exec(text)?.[1] ?? '';
  const pid = Number(field('pid'));
  if (!Number.isInteger(pid) || pid <= 0 || field('run') === '') return null;
  const born = field('born') === '' ? null : field('born');
  return { pid, born, host: field('host'), owner: field('by'), runId: field('run'), since: field('since') };
}

function textOf(text: string | null): string {
  const holder = text === null ? null : holderOf(text);
  return holder === null ? (text ?? 'the tag is gone') : holderText(holder);
}
