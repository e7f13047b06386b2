import { validationError } from './api-error.js';
import { type QueryParams, wholeNumber } from './query.js';

const MAX_PAGE = 400;

/**
 * One page of things in the order they were made (`Marker`, `PageSize` 1 to 400), and the marker of the next. Pages
 * follow that order, so one that goes between two pages hides no other.
 */
export function pageOf<T>(
  params: QueryParams,
  all: readonly T[],
  sequenceOf: (item: T) => number,
): { readonly page: readonly T[]; readonly next: string | undefined } {
  const pageSize = wholeNumber(params, 'PageSize', { min: 1, max: MAX_PAGE }) ?? MAX_PAGE;
  const after = markerOf(params);
  const rest = all.filter((item) => sequenceOf(item) > after).sort((a, b) => sequenceOf(a) - sequenceOf(b));
  const page = rest.slice(0, pageSize);
  const last = page.at(-1);
  const more = last !== undefined && rest.length > page.length;
  return { page, next: more ? Buffer.from(`after:${sequenceOf(last)}`).toString('base64url') : undefined };
}

function markerOf(params: QueryParams): number {
  const marker = params.get('Marker');
  if (marker === undefined || marker === '') return 0;
  const sequence = /^after:(\d{1,9})$/.exec(Buffer.from(marker, 'base64url').toString())?.[1];
  if (sequence === undefined) throw validationError('The marker is invalid.');
  return Number(sequence);
}
