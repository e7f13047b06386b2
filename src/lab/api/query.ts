import { ApiError, constraintError } from './api-error.js';

/** The fields of one request, or of one structure inside it; names as on the wire, without the structure's prefix. */
export type QueryParams = ReadonlyMap<string, string>;

/** Fields of a form body or query string. @throws ApiError for bytes that are no form encoding and for a name given twice. */
export function queryParams(text: string): QueryParams {
  if (/%(?![0-9A-Fa-f]{2})/.test(text) || !isText(text)) throw malformed('The query string contains a syntax error.');
  const params = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (params.has(name)) throw malformed('The query string has a parameter more than once.');
    params.set(name, value);
  }
  return params;
}

/** False for bytes that were no UTF-8, written plainly or with per cent signs. */
function isText(text: string): boolean {
  if (text.includes('\ufffd')) return false;
  try {
    decodeURIComponent(text);
    return true;
  } catch (notUtf8) {
    void notUtf8;
    return false;
  }
}

function malformed(message: string): ApiError {
  return new ApiError('MalformedQueryString', message);
}

/** A text that must be there. */
export function requiredText(params: QueryParams, name: string, path = name): string {
  const value = params.get(name);
  if (value === undefined || value === '') throw constraintError(null, wirePath(path), 'not be null');
  return value;
}

/** A whole number within bounds; `fallback` when absent. */
export function wholeNumber(
  params: QueryParams,
  name: string,
  bounds: { readonly min: number; readonly max: number; readonly path?: string },
): number | undefined {
  const value = params.get(name);
  if (value === undefined) return undefined;
  const path = wirePath(bounds.path ?? name);
  if (!/^-?\d{1,9}$/.test(value)) throw constraintError(value, path, 'be a whole number');
  const number = Number(value);
  if (number < bounds.min) throw constraintError(value, path, `have value greater than or equal to ${bounds.min}`);
  if (number > bounds.max) throw constraintError(value, path, `have value less than or equal to ${bounds.max}`);
  return number;
}

/** A flag, `true` or `false`. */
export function flagOf(params: QueryParams, name: string, path = name): boolean | undefined {
  const value = params.get(name)?.toLowerCase();
  if (value === undefined) return undefined;
  if (value !== 'true' && value !== 'false') throw constraintError(value, wirePath(path), 'be true or false');
  return value === 'true';
}

/** The fields below `name.`; undefined when there are none. */
export function structureOf(params: QueryParams, name: string): QueryParams | undefined {
  const prefix = `${name}.`;
  const inner = new Map<string, string>();
  for (const [key, value] of params) {
    if (key.startsWith(prefix)) inner.set(key.slice(prefix.length), value);
  }
  return inner.size === 0 ? undefined : inner;
}

/** The texts of `name.member.N` in the order of N; undefined when the list is absent. An empty `name=` is an empty list. */
export function textsOf(params: QueryParams, name: string): readonly string[] | undefined {
  const members = membersOf(params, name);
  return members?.map((member) => member.get('') ?? '');
}

/** The structures of `name.member.N` in the order of N; undefined when the list is absent. */
export function structuresOf(params: QueryParams, name: string): readonly QueryParams[] | undefined {
  return membersOf(params, name);
}

function membersOf(params: QueryParams, name: string): readonly QueryParams[] | undefined {
  const prefix = `${name}.member.`;
  const byNumber = new Map<number, Map<string, string>>();
  for (const [key, value] of params) {
    if (!key.startsWith(prefix)) continue;
    const [number, ...rest] = key.slice(prefix.length).split('.');
    if (!/^\d{1,9}$/.test(number!)) throw constraintError(key, wirePath(name), 'be numbered');
    const member = byNumber.get(Number(number)) ?? new Map<string, string>();
    member.set(rest.join('.'), value);
    byNumber.set(Number(number), member);
  }
  if (byNumber.size === 0) return params.has(name) ? [] : undefined;
  return [...byNumber].sort(([a], [b]) => a - b).map(([, member]) => member);
}

/** `HealthCheck.Interval` as AWS writes it in messages: `healthCheck.interval`. */
function wirePath(path: string): string {
  return path
    .split('.')
    .map((part) => part.charAt(0).toLowerCase() + part.slice(1))
    .join('.');
}
