import type { Account } from '../../elb/account.js';
import type { ActionTable } from '../action.js';
import { ApiError, constraintError, validationError } from '../api-error.js';
import { tagsOf } from '../classic/tags.js';
import { type QueryParams, textsOf } from '../query.js';
import { balancerByArn, groupByArn, listenerByArn } from './lookup.js';

const MAX_TAGS = 50;

/** AddTags, DescribeTags, RemoveTags for balancers, target groups and listeners. */
export const V2_TAG_ACTIONS: ActionTable = {
  AddTags: {
    changes: true,
    run: (params, account) => {
      const holders = holdersOf(params, account);
      if ((tagsOf(params)?.size ?? 0) === 0) throw constraintError(null, 'tags', 'not be null');
      // All or nothing: every holder is tried on a copy first.
      for (const [, tags] of holders) setTags(params, new Map(tags));
      for (const [, tags] of holders) setTags(params, tags);
      return {};
    },
  },
  DescribeTags: {
    changes: false,
    run: (params, account) => ({
      TagDescriptions: holdersOf(params, account).map(([ResourceArn, tags]) => ({
        ResourceArn,
        Tags: [...tags].map(([Key, Value]) => ({ Key, Value })),
      })),
    }),
  },
  RemoveTags: {
    changes: true,
    run: (params, account) => {
      const holders = holdersOf(params, account);
      const keys = textsOf(params, 'TagKeys');
      if (keys === undefined || keys.length === 0) throw constraintError(null, 'tagKeys', 'not be null');
      for (const [, tags] of holders) for (const key of keys) tags.delete(key);
      return {};
    },
  },
};

/** Puts the request's `Tags` into a map. */
export function setTags(params: QueryParams, tags: Map<string, string>): void {
  for (const [key, value] of tagsOf(params) ?? []) tags.set(key, value);
  if (tags.size > MAX_TAGS) throw new ApiError('TooManyTags', 'The maximum number of tags has been reached');
}

function holdersOf(params: QueryParams, account: Account): readonly (readonly [string, Map<string, string>])[] {
  const arns = textsOf(params, 'ResourceArns');
  if (arns === undefined || arns.length === 0) throw constraintError(null, 'resourceArns', 'not be null');
  return [...new Set(arns)].map((arn) => [arn, holderOf(arn, account).tags]);
}

function holderOf(arn: string, account: Account): { readonly tags: Map<string, string> } {
  if (arn.includes(':targetgroup/')) return groupByArn(arn, account);
  if (arn.includes(':loadbalancer/')) return balancerByArn(arn, account);
  if (arn.includes(':listener/')) return listenerByArn(arn, account);
  if (arn.includes(':listener-rule/')) {
    const listener = account.v2.listeners.find(({ ruleArn }) => ruleArn === arn);
    // The default rule cannot be tagged: it has no tags to tell.
    if (listener !== undefined) return { tags: new Map() };
    throw new ApiError('RuleNotFound', 'One or more rules not found');
  }
  throw validationError(`'${arn}' is not a valid ARN`);
}
