import { z } from 'zod';
import { balancerSchema } from './schema/balancer.js';
import { name, optionalText, someTime, text } from './schema/fields.js';
import { expectSchema, policySchema } from './schema/policy.js';
import { rolloutSchema } from './schema/rollout.js';
import { optionalUrl, serviceSchema } from './schema/service.js';
import { trafficSchema } from './schema/traffic.js';

const targetSchema = z.strictObject({
  id: name('write a name such as staging-1').meta({
    description: 'Your name for the target.',
    example: 'staging-1',
  }),
  instance: name('write an instance id such as i-0123456789abcdef0').meta({
    description: 'What the load balancer calls it: the EC2 instance id.',
    example: 'i-0123456789abcdef0',
  }),
  url: optionalUrl().meta({
    description:
      'Its own address, past the load balancer, asked for its version with wait health or both, before it is attached after trouble, and in the preflight.',
  }),
  zone: optionalText().meta({
    description: 'Its availability zone, needed where cross-zone balancing is off.',
  }),
});

const requiresSchema = z.strictObject({
  environment: name('write a name such as staging').meta({
    description: 'Environment in which the same version must have ended in PASS.',
    example: 'staging',
  }),
  maxAge: someTime().prefault('24h').meta({ description: 'How old that PASS may be.' }),
  pass: optionalText().meta({
    description:
      'Run directory of that PASS, or its derived/pass.json; by default the newest one that fits below --out.',
  }),
});

/** A scenario file after `extends` and `${…}`. Strict: a key nobody reads would be a wish silently ignored. */
export const scenarioSchema = z.strictObject({
  name: name('write a short name such as checkout-staging').meta({
    description: 'Short name; also the folder of the reports.',
    example: 'checkout-staging',
  }),
  description: text().prefault('').meta({ description: 'What this scenario is for.' }),
  environment: name('write a name such as staging').optional().meta({
    description:
      'Where the targets run, e.g. staging; lab when the balancer is the lab. Runs of different environments are never pooled.',
    example: 'staging',
  }),
  service: serviceSchema,
  balancer: balancerSchema,
  targets: z
    .array(targetSchema)
    .min(1)
    .meta({ description: 'The servers behind the load balancer, in the order they are replaced.' }),
  rollout: rolloutSchema,
  traffic: trafficSchema,
  policy: policySchema.prefault({}),
  requires: z
    .union([requiresSchema, z.null()])
    .prefault(null)
    .meta({ description: 'What must have passed before this may run, e.g. the same version on staging.' }),
  expect: z
    .union([expectSchema, z.null()])
    .prefault(null)
    .meta({ description: 'What a run is known to end in; for tests of rollproof itself, never used by the verdict.' }),
});

/** A scenario file with every value read: durations in ms, rates per second, defaults filled in. */
export type ScenarioDocument = z.output<typeof scenarioSchema>;

type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * Draft-7 JSON Schema of the file format, for editors and `rollproof schema`. Plain data, safe to print. A file that
 * `extends` another may leave anything out, so what is required is asked only of files that stand alone.
 */
export function scenarioJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(scenarioSchema, { io: 'input', target: 'draft-7' });
  const loose = loosened(schema);
  return {
    $schema,
    title: 'rollproof scenario',
    description: `One experiment: a rolling deploy behind a load balancer, watched by traffic. Every value may hold \${NAME}.`,
    ...loose,
    properties: {
      extends: {
        type: 'string',
        description: 'Another scenario file this one builds on, relative to this file: maps merge, all else replaces.',
      },
      ...childrenOf(loose),
    },
    if: { not: { required: ['extends'] } },
    // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema; nobody awaits this object.
    then: requiredOnly(schema),
  };
}

/**
 * The schema with `required` removed outside of lists; alternatives overlap then, so one of them need not be the only.
 * Our `example` becomes `examples`, which zod drops from fields it transforms.
 */
function loosened(schema: JsonSchema, insideList = false): JsonSchema {
  const { required, oneOf, anyOf, example, items, properties, ...rest } = schema;
  const alternatives = (oneOf ?? anyOf) as readonly JsonSchema[] | undefined;
  const children = Object.entries(childrenOf(schema)).map(([key, child]) => [key, loosened(child, insideList)]);
  return {
    ...rest,
    ...(insideList && required !== undefined ? { required } : {}),
    ...(example === undefined ? {} : { examples: [example] }),
    ...(items === undefined ? {} : { items: loosened(items as JsonSchema, true) }),
    ...(alternatives === undefined ? {} : { anyOf: alternatives.map((one) => loosened(one, insideList)) }),
    ...(properties === undefined ? {} : { properties: Object.fromEntries(children) }),
  };
}

/** Only what is required, at every depth that is an object for certain. */
function requiredOnly(schema: JsonSchema): JsonSchema {
  const inner = Object.entries(childrenOf(schema)).map(([key, child]) => [key, requiredOnly(child)] as const);
  const properties = Object.fromEntries(inner.filter(([, child]) => Object.keys(child).length > 0));
  return {
    ...(schema.required === undefined ? {} : { required: schema.required }),
    ...(Object.keys(properties).length === 0 ? {} : { properties }),
  };
}

function childrenOf(schema: JsonSchema): Readonly<Record<string, JsonSchema>> {
  return (schema.properties as Record<string, JsonSchema> | undefined) ?? {};
}
