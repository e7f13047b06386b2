import type { Account } from '../elb/account.js';
import type { QueryParams } from './query.js';
import type { XmlFields } from './xml.js';

/** One API action: parameters in, result fields out; refuses with an ApiError. */
export interface Action {
  /** Whether it changes anything: only such an answer can get lost after the fact (dropAckRate). */
  readonly changes: boolean;
  readonly run: (params: QueryParams, account: Account) => XmlFields | Promise<XmlFields>;
}

/** Actions by name. */
export type ActionTable = Readonly<Record<string, Action>>;

/** One version of an API: its namespace, its actions, and EC2's dialect of the Query protocol where it speaks that. */
export interface ApiVersion {
  readonly dialect: 'query' | 'ec2';
  readonly namespace: string;
  readonly actions: ActionTable;
}
