import type { Outage } from '../domain/outage.js';
import { counted, duration } from './figures.js';

/** What new connections showed after failures on kept ones, in one sentence; null = none was tried. */
export function reProbeText({ reProbes }: Outage): string | null {
  if (reProbes === undefined) return null;
  const { worked, failed, soonestMs } = reProbes;
  const tries = counted(worked + failed, 'try', 'tries');
  if (worked === 0)
    return `A new connection to the same node failed too (${tries}): not only kept connections were hit.`;
  const soon = soonestMs === null ? '' : ` ${duration(soonestMs)} later`;
  if (failed === 0)
    return `A new connection to the same node worked${soon} (${tries}): what broke was the kept connection, not the service behind it.`;
  return `A new connection to the same node worked in ${worked} of ${tries}, first${soon}.`;
}
