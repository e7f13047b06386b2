import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { ApiError } from './api-error.js';

/** A request as its signature covers it: header names in lower case. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query string as on the request line. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

/** Who may call; an empty text asks for nothing. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** How far a request's time may be from the lab's, ms (AWS: 5 minutes). */
const MAX_SKEW_MS = 300_000;

interface Claim {
  readonly accessKeyId: string;
  /** `20260102/eu-west-1/elasticloadbalancing/aws4_request`. */
  readonly scope: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly time: string;
}

/**
 * Checks a Signature Version 4 in the Authorization header as far as the credentials ask for it: the key id, then the
 * signature itself. @throws ApiError as AWS answers.
 */
export function checkSignature(request: SignedRequest, wanted: Credentials, now: Date): void {
  if (wanted.accessKeyId === '' && wanted.secretAccessKey === '') return;
  const claim = claimOf(request);
  if (wanted.accessKeyId !== '' && claim.accessKeyId !== wanted.accessKeyId) {
    throw new ApiError('InvalidClientTokenId', 'The security token included in the request is invalid.', 403);
  }
  if (wanted.secretAccessKey === '') return;
  checkTime(claim, now);
  const expected = Buffer.from(signatureOf(request, claim, wanted.secretAccessKey));
  const given = Buffer.from(claim.signature);
  if (expected.length === given.length && timingSafeEqual(expected, given)) return;
  throw mismatch(
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key ' +
      'and signing method. Consult the service documentation for details.',
  );
}

function claimOf({ headers }: SignedRequest): Claim {
  const authorization = headerOf(headers, 'authorization');
  if (authorization === '') {
    throw new ApiError('MissingAuthenticationToken', 'Request is missing Authentication Token', 403);
  }
  const field = (name: string): string => new RegExp(`[ ,]${name}=([^, ]+)`).exec(authorization)?.[1] ?? '';
  const [accessKeyId = '', ...scope] = field('Credential').split('/');
  const time = headerOf(headers, 'x-amz-date');
  const signature = field('Signature');
  const signedHeaders = field('SignedHeaders').toLowerCase().split(';').filter(Boolean);
  const missing = !authorization.startsWith('AWS4-HMAC-SHA256 ') || accessKeyId === '' || scope.length !== 4;
  if (missing || signature === '' || signedHeaders.length === 0 || !/^\d{8}T\d{6}Z$/.test(time)) {
    throw new ApiError(
      'IncompleteSignature',
      "The request signature does not conform to AWS standards: Authorization header requires 'Credential', " +
        "'Signature' and 'SignedHeaders', and the request an 'X-Amz-Date' header.",
    );
  }
  return { accessKeyId, scope: scope.join('/'), signedHeaders, signature, time };
}

function checkTime({ time, scope }: Claim, now: Date): void {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(time)!;
  const at = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  if (!scope.startsWith(`${time.slice(0, 8)}/`)) {
    throw mismatch(`Credential should be scoped to a valid date: ${scope.split('/')[0]} is not ${time.slice(0, 8)}`);
  }
  const ageMs = now.getTime() - at;
  if (ageMs > MAX_SKEW_MS) {
    const earliest = new Date(now.getTime() - MAX_SKEW_MS);
    throw mismatch(`Signature expired: ${time} is now earlier than ${amzTime(earliest)} (${amzTime(now)} - 5 min.)`);
  }
  if (ageMs < -MAX_SKEW_MS) {
    const latest = new Date(now.getTime() + MAX_SKEW_MS);
    throw mismatch(
      `Signature not yet current: ${time} is still later than ${amzTime(latest)} (${amzTime(now)} + 5 min.)`,
    );
  }
}

/** Signature Version 4 (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html). */
function signatureOf(request: SignedRequest, claim: Claim, secret: string): string {
  const [path = '/', query = ''] = request.url.split('?', 2);
  const canonical = [
    request.method,
    path === '' ? '/' : path,
    canonicalQuery(query),
    ...claim.signedHeaders.map((name) => `${name}:${headerOf(request.headers, name).trim().replace(/ +/g, ' ')}`),
    '',
    claim.signedHeaders.join(';'),
    sha256(request.body),
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', claim.time, claim.scope, sha256(canonical)].join('\n');
  let key: Buffer | string = `AWS4${secret}`;
  for (const part of claim.scope.split('/')) key = createHmac('sha256', key).update(part).digest();
  return createHmac('sha256', key).update(toSign).digest('hex');
}

function canonicalQuery(query: string): string {
  const encode = (text: string): string =>
    encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return [...new URLSearchParams(query)]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
}

function headerOf(headers: SignedRequest['headers'], name: string): string {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  return typeof value === 'string' ? value : (value ?? []).join(',');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function amzTime(at: Date): string {
  return at.toISOString().replace(/[-:]|\.\d{3}/g, '');
}

function mismatch(message: string): ApiError {
  return new ApiError('SignatureDoesNotMatch', message, 403);
}
