import { z } from 'zod';
import type { LabKnobValue } from '../../domain/scenario.js';
import { LAB_KNOBS, type LabKnob, readKnob } from '../lab-knobs.js';
import { count, flag, name, orOff, pattern, seed, someTime } from './fields.js';
import { optionalUrl } from './service.js';

const knobInputs = {
  range: z.union([z.string(), z.number(), z.array(z.union([z.string(), z.number()]))]),
  ms: z.union([z.string(), z.number()]),
  count: z.union([z.string(), z.number()]),
  factor: z.union([z.string(), z.number()]),
  ratio: z.union([z.string(), z.number()]),
  flag: z.union([z.boolean(), z.string()]),
  text: z.union([z.string(), z.number()]),
  choice: z.string(),
} as const;

function knobField(knob: LabKnob) {
  const input: z.ZodType = knobInputs[knob.kind];
  return input
    .transform((value, ctx): LabKnobValue => {
      const result = readKnob(knob, value);
      if (result.ok) return result.value;
      ctx.issues.push({ code: 'custom', message: result.message, params: { hint: result.hint }, input: value });
      return z.NEVER;
    })
    .optional()
    .meta({ description: knob.description });
}

const knobsSchema = z.strictObject(Object.fromEntries(LAB_KNOBS.map((knob) => [knob.name, knobField(knob)])));

/** What both of AWS's APIs need to know. */
const aws = {
  region: pattern(/^[a-z]{2,}(-[a-z]+)+-\d+$/, 'an AWS region', 'write a region such as eu-west-1').meta({
    description: 'AWS region of the load balancer.',
    example: 'eu-west-1',
  }),
  endpoint: optionalUrl().meta({ description: 'Another API endpoint than that of AWS, e.g. of a lab started apart.' }),
  autoScaling: z
    .union([z.enum(['none', 'suspended']), z.null()])
    .prefault(null)
    .meta({
      description:
        'The ELB API does not tell whether targets belong to an Auto Scaling group, so say it: none, or suspended when its processes are suspended for the roll. AWS is refused without a word.',
    }),
  lockTag: flag().prefault('false').meta({
    description:
      'Also keep the lock as the tag rollproof:lock on the load balancer (ELBv2: the target group), for runs on other machines.',
  }),
};

const elbClassic = z.strictObject({
  kind: z.literal('elb-classic').meta({ description: 'A Classic ELB, reached through the AWS API.' }),
  name: pattern(
    /^[A-Za-z0-9-]{1,32}$/,
    'a Classic ELB name (at most 32 letters, digits and dashes)',
    'take the name, not the DNS name',
  ).meta({
    description: 'Name of the Classic ELB.',
    example: 'my-load-balancer',
  }),
  ...aws,
});

/** Group 1 or 2 is the name: bare, or in an ARN with its region before. */
const TARGET_GROUP =
  /^(?:([A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?)|arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:\d{12}:targetgroup\/([A-Za-z0-9-]{1,32})\/[0-9a-f]{16})$/;

/** A target group's name, and its ARN where that is what the file gives. */
export function targetGroupOf(written: string): { readonly name: string; readonly arn: string | null } {
  const [, bare, inArn] = TARGET_GROUP.exec(written) ?? [];
  return { name: bare ?? inArn ?? written, arn: bare === undefined ? written : null };
}

const elbv2 = z.strictObject({
  kind: z
    .literal('elbv2')
    .meta({ description: 'A target group of an Application or Network Load Balancer, reached through the AWS API.' }),
  targetGroup: pattern(
    TARGET_GROUP,
    'the name or ARN of a target group',
    'take the target group, not the load balancer: a name such as my-targets, or arn:aws:elasticloadbalancing:…:targetgroup/…',
  ).meta({ description: 'The target group, by its name or its ARN.', example: 'my-targets' }),
  port: orOff('auto', count(1, 65_535))
    .prefault('auto')
    .meta({ description: 'The port the targets are registered with. auto: that of the target group.' }),
  ...aws,
});

/** What HAProxy takes for the name of a proxy or a server. */
const HAPROXY_NAME = /^[A-Za-z0-9_.:-]{1,200}$/;
const SOCKET = /^(\/.{0,102}|(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):\d{1,5})$/;

const haproxy = z.strictObject({
  kind: z.literal('haproxy').meta({ description: 'A backend of a running HAProxy, reached through its runtime API.' }),
  socket: pattern(
    SOCKET,
    'a socket',
    'write the path of its stats socket, such as /run/haproxy/admin.sock (at most 103 characters), or host:port',
  ).meta({
    description: 'The runtime API: the path of a stats socket of level admin, or host:port.',
    example: '/run/haproxy/admin.sock',
  }),
  backend: pattern(HAPROXY_NAME, 'a name HAProxy can have', 'take the name after the word backend').meta({
    description: "The backend's name; targets[].instance is the name of a server in it.",
    example: 'web',
  }),
  drainTimeout: someTime().prefault('60s').meta({
    description:
      'A detached target goes into maintenance when nothing is in flight at it any more, or after this long all the same.',
  }),
  afterDrain: z.enum(['maint', 'drain']).prefault('maint').meta({
    description:
      'Where a drained target waits: maint, or still in drain, where HAProxy goes on checking it and clients with a persistence cookie reach it.',
  }),
  checkInterval: orOff('auto', someTime()).prefault('auto').meta({
    description: 'The `inter` of its servers, which the runtime API does not tell, to predict waits. auto: not known.',
  }),
});

const lab = z.strictObject({
  kind: z
    .literal('lab')
    .meta({ description: 'The load balancer emulator and two small applications on this machine.' }),
  name: name('write a name such as lab').prefault('lab').meta({ description: 'Name of the load balancer in the lab.' }),
  preset: z.enum(['lab-fast', 'aws-clb', 'aws-alb', 'aws-nlb']).prefault('lab-fast').meta({
    description:
      'Timing: lab-fast (about a second), or as slow as a real Classic, Application or Network Load Balancer.',
  }),
  seed: seed()
    .prefault(1)
    .meta({ description: 'Seed of every random draw of the lab: the same seed gives the same delays.' }),
  knobs: knobsSchema
    .prefault({})
    .meta({ description: 'Knobs that differ from the preset. Bare numbers are milliseconds.' }),
});

/** `balancer:` the load balancer the targets are taken out of. */
export const balancerSchema = z
  .discriminatedUnion('kind', [elbClassic, elbv2, haproxy, lab])
  .meta({ description: 'The load balancer.' });
