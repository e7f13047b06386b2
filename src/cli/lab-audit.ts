import type { ReceivedRequests } from '../run/request-audit.js';

/**
 * Asks a running lab what its applications received of a run, over all their lives. Null when there is none to ask, or it
 * knows nothing of the run. @throws Error when it does not answer as it should.
 */
export async function labAudit(
  env: Readonly<Record<string, string>> | undefined,
  runId: string,
): Promise<ReceivedRequests | null> {
  const { ROLLPROOF_LAB_CONTROL: control, ROLLPROOF_LAB_TOKEN: token } = env ?? {};
  if (control === undefined || token === undefined) return null;
  const response = await fetch(new URL('/state', control), {
    headers: { Authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(ASK_MS),
  });
  if (!response.ok) throw new Error(`the lab answers ${response.status}`);
  const { audit } = (await response.json()) as { readonly audit?: Readonly<Record<string, ReceivedRequests>> };
  const its = audit !== undefined && Object.hasOwn(audit, runId) ? audit[runId] : undefined;
  if (its === undefined) return null;
  const { count, distinct, duplicates, untracked } = its;
  return { count, distinct, duplicates, untracked };
}

const ASK_MS = 2_000;
