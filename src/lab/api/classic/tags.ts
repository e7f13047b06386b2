import type { Account } from '../../elb/account.js';
import type { LoadBalancer } from '../../elb/load-balancer.js';
import type { ActionTable } from '../action.js';
import { ApiError, constraintError } from '../api-error.js';
import { type QueryParams, requiredText, structuresOf, textsOf } from '../query.js';
import { balancerNamed } from './lookup.js';

const MAX_TAGS = 50;
const MAX_NAMES = 20;

/** AddTags, DescribeTags, RemoveTags. */
export const CLASSIC_TAG_ACTIONS: ActionTable = {
  AddTags: {
    changes: true,
    run: (params, account) => {
      const tags = tagsOf(params);
      if (tags === undefined || tags.size === 0) throw constraintError(null, 'tags', 'not be null');
      const balancers = balancersOf(params, account);
      for (const balancer of balancers) checkRoom(balancer, tags);
      for (const balancer of balancers) {
        for (const [key, value] of tags) balancer.tags.set(key, value);
      }
      return {};
    },
  },
  DescribeTags: {
    changes: false,
    run: (params, account) => ({
      TagDescriptions: balancersOf(params, account).map((balancer) => ({
        LoadBalancerName: balancer.identity.name,
        Tags: [...balancer.tags].map(([Key, Value]) => ({ Key, Value })),
      })),
    }),
  },
  RemoveTags: {
    changes: true,
    run: (params, account) => {
      const keys = structuresOf(params, 'Tags')?.map((tag) => requiredText(tag, 'Key', 'Tags.member.Key'));
      if (keys === undefined || keys.length === 0) throw constraintError(null, 'tags', 'not be null');
      for (const balancer of balancersOf(params, account)) {
        for (const key of keys) balancer.tags.delete(key);
      }
      return {};
    },
  },
};

/** `Tags.member.N` as a map; undefined when absent. */
export function tagsOf(params: QueryParams): ReadonlyMap<string, string> | undefined {
  const given = structuresOf(params, 'Tags');
  if (given === undefined) return undefined;
  const tags = new Map<string, string>();
  for (const tag of given) {
    const key = requiredText(tag, 'Key', 'Tags.member.Key');
    const value = tag.get('Value') ?? '';
    if (key.length > 128) throw constraintError(key, 'tags.member.key', 'have length less than or equal to 128');
    if (value.length > 256) throw constraintError(value, 'tags.member.value', 'have length less than or equal to 256');
    if (tags.has(key)) throw new ApiError('DuplicateTagKeys', `Tag keys must be unique: '${key}' is given twice`);
    tags.set(key, value);
  }
  if (tags.size > MAX_TAGS) throw tooManyTags();
  return tags;
}

function checkRoom(balancer: LoadBalancer, tags: ReadonlyMap<string, string>): void {
  if (new Set([...balancer.tags.keys(), ...tags.keys()]).size > MAX_TAGS) throw tooManyTags();
}

function tooManyTags(): ApiError {
  return new ApiError('TooManyTags', `A load balancer can have at most ${MAX_TAGS} tags`);
}

function balancersOf(params: QueryParams, account: Account): readonly LoadBalancer[] {
  const names = textsOf(params, 'LoadBalancerNames');
  if (names === undefined || names.length === 0) throw constraintError(null, 'loadBalancerNames', 'not be null');
  if (names.length > MAX_NAMES) {
    throw constraintError(
      `[${names.join(', ')}]`,
      'loadBalancerNames',
      `have length less than or equal to ${MAX_NAMES}`,
    );
  }
  return [...new Set(names)].map((name) => balancerNamed(name, account));
}
