import { ElasticLoadBalancingClient } from '@aws-sdk/client-elastic-load-balancing';

/** Whether AWS credentials can be had here, and from where; never the credentials themselves. */
export interface CredentialsFound {
  readonly found: boolean;
  /** In words, e.g. `environment`; null = none, or the SDK does not say. */
  readonly from: string | null;
}

/** What the SDK notes at the credentials it found, in the order in which the last word counts. */
const SOURCES: readonly (readonly [RegExp, string])[] = [
  [/ENV_VARS_STS_WEB_ID|WEB_ID/, 'web identity'],
  [/ENV_VARS/, 'environment'],
  [/SSO/, 'single sign-on profile'],
  [/PROCESS/, 'credential process'],
  [/HTTP/, 'container role'],
  [/IMDS/, 'instance role'],
  [/ASSUME_ROLE/, 'assumed role'],
  [/PROFILE/, 'profile'],
];

/**
 * Goes through the SDK's own chain (environment, profile, container, instance role) as a run would. May ask the
 * instance's metadata service, so it is given up after `patienceMs`; never rejects.
 */
export async function findCredentials(patienceMs: number): Promise<CredentialsFound> {
  const client = new ElasticLoadBalancingClient({ region: 'us-east-1' });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), patienceMs);
  });
  try {
    const given = await Promise.race([client.config.credentials(), late]);
    return given === null ? { found: false, from: null } : { found: true, from: sourceOf(given) };
  } catch (none) {
    void none;
    return { found: false, from: null };
  } finally {
    clearTimeout(timer);
    client.destroy();
  }
}

function sourceOf(given: object): string | null {
  const source: unknown = '$source' in given ? given.$source : undefined;
  const names = typeof source === 'object' && source !== null ? Object.keys(source).join(' ') : '';
  return SOURCES.find(([pattern]) => pattern.test(names))?.[1] ?? null;
}
