import { ApiError } from '../api-error.js';
import type { QueryParams } from '../query.js';

/** The filters an EC2 action takes: name to what it compares. */
export type Filters<T> = Readonly<Record<string, (item: T) => string>>;

/** Items that pass every `Filter.N`. @throws ApiError for a filter the action does not take. */
export function filtered<T>(params: QueryParams, items: readonly T[], filters: Filters<T>): readonly T[] {
  let left = items;
  for (let index = 1; params.has(`Filter.${index}.Name`); index++) {
    const name = params.get(`Filter.${index}.Name`) ?? '';
    const textOf = Object.hasOwn(filters, name) ? filters[name] : undefined;
    if (textOf === undefined) throw new ApiError('InvalidParameterValue', `The filter '${name}' is invalid`);
    const values = numbered(params, `Filter.${index}.Value.`);
    left = left.filter((item) => values.includes(textOf(item)));
  }
  return left;
}

/** EC2's lists are `Name.1`, `Name.2`, … without `member`. */
export function numbered(params: QueryParams, prefix: string): readonly string[] {
  return [...params]
    .filter(([key]) => key.startsWith(prefix) && /^\d{1,9}$/.test(key.slice(prefix.length)))
    .map(([, value]) => value);
}
