import {
  CONNECTION_TERMINATION,
  CROSS_ZONE,
  DELETION_PROTECTION,
  DEREGISTRATION_DELAY,
} from '../../elb/v2/attributes.js';
import { constraintError, invalidConfiguration, validationError } from '../api-error.js';
import { type QueryParams, requiredText, structuresOf } from '../query.js';
import type { XmlFields } from '../xml.js';

/** Keys the lab acts on, with the values it takes; any other known key keeps its value, so that nothing is told that is not so. */
const ACTED_ON: Readonly<Record<string, readonly string[] | { readonly min: number; readonly max: number }>> = {
  [DEREGISTRATION_DELAY]: { min: 0, max: 3600 },
  [CONNECTION_TERMINATION]: ['true', 'false'],
  [CROSS_ZONE]: ['true', 'false', 'use_load_balancer_configuration'],
  [DELETION_PROTECTION]: ['true', 'false'],
};

/** `Attributes.member.N` as changes of `now`, checked. @param what `Target group` or `Load balancer`. */
export function attributeChangesOf(
  params: QueryParams,
  now: ReadonlyMap<string, string>,
  what: string,
): ReadonlyMap<string, string> {
  const given = structuresOf(params, 'Attributes');
  if (given === undefined || given.length === 0) throw constraintError(null, 'attributes', 'not be null');
  const changes = new Map<string, string>();
  for (const attribute of given) {
    const key = requiredText(attribute, 'Key', 'Attributes.member.Key');
    const value = attribute.get('Value') ?? '';
    const before = now.get(key);
    if (before === undefined) throw validationError(`${what} attribute key '${key}' is not recognized`);
    if (changes.has(key)) throw validationError(`${what} attribute key '${key}' is given more than once`);
    checkValue(key, value, before, what);
    changes.set(key, value);
  }
  return changes;
}

/** Attributes as every answer writes them. */
export function attributesXml(attributes: ReadonlyMap<string, string>): readonly XmlFields[] {
  return [...attributes].map(([Key, Value]) => ({ Key, Value }));
}

function checkValue(key: string, value: string, before: string, what: string): void {
  const takes = Object.hasOwn(ACTED_ON, key) ? ACTED_ON[key] : undefined;
  if (takes === undefined) {
    if (value !== before) throw invalidConfiguration(`The lab cannot change '${key}': it stays '${before}'.`);
  } else if ('min' in takes) {
    if (!/^\d{1,5}$/.test(value) || Number(value) < takes.min || Number(value) > takes.max) {
      throw validationError(
        `${what} attribute '${key}' value '${value}' must be between '${takes.min}' and '${takes.max}' inclusive`,
      );
    }
  } else if (!takes.includes(value)) {
    throw validationError(`${what} attribute '${key}' value '${value}' must be one of ${takes.join(', ')}`);
  }
}
