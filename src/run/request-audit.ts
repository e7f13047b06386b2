import type { EventSink } from '../domain/ports.js';
import type { Clock } from '../domain/time.js';

/** Applications tell what they received in bundles; the last one is there after this. */
const AUDIT_LAG_MS = 250;

/** Requests of one run as the applications counted them; exactly once means that nothing is a duplicate. */
export interface ReceivedRequests {
  readonly count: number;
  readonly distinct: number;
  readonly duplicates: number;
  /** Without a number that could be read. */
  readonly untracked: number;
}

/** The exactly-once audit: what is sent once must arrive once, whatever engine or balancer lies between. */
export async function auditRequests(
  received: () => Promise<ReceivedRequests | null>,
  clock: Clock,
  events: EventSink,
): Promise<void> {
  try {
    await clock.sleep(AUDIT_LAG_MS);
    const audit = await received();
    if (audit === null) return;
    events.append({ kind: 'request-audit', at: clock.now(), ...audit });
    if (audit.duplicates === 0) return;
    const message = `${audit.duplicates} of ${audit.count} requests reached an application a second time: the traffic engine or the balancer sends again what failed, and hides that it did`;
    events.append({ kind: 'warning', at: clock.now(), message });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    events.append({ kind: 'warning', at: clock.now(), message: `no audit of the requests: ${reason}` });
  }
}
