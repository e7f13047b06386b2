import type { ReplyCause } from './replies.js';
import type { RequestHead } from './request-head.js';

/** An ALB refuses requests that name more addresses (463). */
const MAX_FORWARDED_ADDRESSES = 30;

/** What an ALB refuses although it is well-formed and a Classic ELB passes it on; null = nothing. */
export function albRefusal({ method, fields }: RequestHead): ReplyCause | null {
  if (method === 'TRACE') return 'bad-method';
  const addresses = fields.forwardedFor;
  if (addresses.length <= MAX_FORWARDED_ADDRESSES) return null;
  return addresses.split(',').length > MAX_FORWARDED_ADDRESSES ? 'too-many-forwards' : null;
}
