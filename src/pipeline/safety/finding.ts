import type { PreflightFinding } from '../../domain/event.js';
import type { Scenario } from '../../domain/scenario.js';

export const ok = (id: string, message: string): PreflightFinding => ({ id, level: 'ok', message, hint: null });

export const warning = (id: string, message: string, hint: string | null): PreflightFinding => ({
  id,
  level: 'warning',
  message,
  hint,
});

export const refused = (id: string, message: string, hint: string): PreflightFinding => ({
  id,
  level: 'refused',
  message,
  hint,
});

/** What would hurt users refuses the roll, but for the scenario's own lab: there the harm is the experiment. */
export function harmful(
  { balancer }: Pick<Scenario, 'balancer'>,
  id: string,
  message: string,
  hint: string,
): PreflightFinding {
  return balancer.kind === 'lab' ? warning(id, message, hint) : refused(id, message, hint);
}
