import { RollproofError } from '../domain/errors.js';
import { shellWord } from './shell-word.js';

/** How the drivers of AWS's balancers reach their API. */
export interface AwsAccess {
  readonly region: string;
  /** null = AWS; a lab or another stand-in otherwise. */
  readonly endpoint: string | null;
  /** null = the SDK's own chain (environment, profile, instance role). */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | null;
  /** How often the SDK itself tries; 1 under `retryingBalancer`. Absent = 4. */
  readonly attempts?: number;
  /** Makes one API call again as long as that may help; absent = once. */
  readonly again?: <T>(call: () => Promise<T>) => Promise<T>;
}

/** What a person can do about a refusal, by the wire's code; null = nothing is known. */
export type RefusalHint = (code: string) => string | null;

/** The tag that holds the lock of whoever rolls behind this balancer. */
export const LOCK_TAG = 'rollproof:lock';

const CONNECT_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 20_000;

/** The configuration every SDK client here is made with. */
export function clientConfig(access: AwsAccess) {
  return {
    region: access.region,
    maxAttempts: access.attempts ?? 4,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
    ...(access.endpoint === null ? {} : { endpoint: access.endpoint }),
    ...(access.credentials === null ? {} : { credentials: access.credentials }),
  };
}

/** One API call: the one place that turns the SDK's errors into ours, with the wire's own code in the message. */
export async function ask<T>(access: AwsAccess, hint: RefusalHint, call: () => Promise<T>): Promise<T> {
  const once = async () => {
    try {
      return await call();
    } catch (cause) {
      throw apiError(cause, access, hint);
    }
  };
  return access.again === undefined ? once() : access.again(once);
}

/** The start of a command a person may run by hand: `aws elb verb --region …`. */
export function awsCommand(service: 'elb' | 'elbv2', verb: string, access: AwsAccess): string {
  const endpoint = access.endpoint === null ? '' : ` --endpoint-url ${shellWord(access.endpoint)}`;
  return `aws ${service} ${verb} --region ${shellWord(access.region)}${endpoint}`;
}

function apiError(cause: unknown, access: AwsAccess, hint: RefusalHint): RollproofError {
  const error = cause instanceof Error ? cause : new Error(String(cause));
  const where = access.endpoint ?? `AWS ${access.region}`;
  if ('$metadata' in error && '$fault' in error) {
    const code = 'Code' in error && typeof error.Code === 'string' ? error.Code : error.name;
    if (error.$fault === 'server' || /Throttl|RequestLimitExceeded|TooManyRequests/.test(code)) {
      return new RollproofError('BALANCER_UNREACHABLE', `${where} is too busy: ${code}: ${error.message}`, {
        hint: 'other callers may use up the API rate of this account; try again in a moment',
        cause,
      });
    }
    return new RollproofError('BALANCER_REFUSED', `${where} refused: ${code}: ${error.message}`, {
      hint: hint(code) ?? credentialsHint(code),
      cause,
    });
  }
  return new RollproofError('BALANCER_UNREACHABLE', `could not ask ${where}: ${error.message || error.name}`, {
    hint:
      error.name === 'CredentialsProviderError'
        ? 'give AWS credentials (AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)'
        : 'is the region right and the network up?',
    cause,
  });
}

function credentialsHint(code: string): string | null {
  return /InvalidClientTokenId|SignatureDoesNotMatch|ExpiredToken|AuthFailure|InvalidAccessKeyId/.test(code)
    ? 'AWS does not accept these credentials: log in again, or check AWS_PROFILE and AWS_ACCESS_KEY_ID'
    : null;
}

/** Codes that say the credentials are good but may not do this. */
export function isDenied(code: string): boolean {
  return /AccessDenied|UnauthorizedOperation/.test(code);
}
