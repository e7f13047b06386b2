import { z } from 'zod';
import { count, duration, flag, name, optionalText, orOff, someText, someTime, text, textMap } from './fields.js';

const targetId = () => name('name a target from `targets:`');

/** `- detach: staging-1`: one key per step; rules/stages.ts sees to that and to the order. */
const stepSchema = z
  .strictObject({
    detach: targetId().optional().meta({ description: 'Take this target out of the load balancer.' }),
    deploy: targetId().optional().meta({ description: 'Run the deploy command for this target.' }),
    attach: targetId().optional().meta({ description: 'Put this target back into the load balancer.' }),
    sleep: duration().optional().meta({ description: 'Wait this long.', example: '60s' }),
  })
  .meta({ minProperties: 1, maxProperties: 1 });

const stageSchema = z.strictObject({
  name: name('write a name such as staging-1-out').meta({
    description: 'Name of the stage.',
    example: 'staging-1-out',
  }),
  steps: z
    .array(stepSchema)
    .min(1)
    .meta({ description: 'Steps in order: detach, deploy, attach or sleep, one key each.' }),
});

const commandSchema = z.strictObject({
  command: z.union([z.array(text()).min(1), someText('write a command')]).meta({
    description:
      'Command and arguments as a list; with shell: true one line of shell. A first word `rollproof` is this program.',
    example: ['./deploy.sh'],
  }),
  shell: flag().prefault('false').meta({ description: 'Run the command through the shell. Off: no quoting pitfalls.' }),
  timeout: someTime().prefault('10m').meta({ description: 'The deploy fails when the command takes longer.' }),
  env: textMap().prefault({}).meta({
    description:
      'Environment variables for the command, beside ROLLPROOF_TARGET, _INSTANCE, _VERSION, _PREVIOUS_VERSION, _STAGE and _RUN_ID.',
  }),
  cwd: optionalText().meta({
    description: 'Working directory of the command, relative to the file this is written in.',
  }),
});

const blueGreenSchema = z.strictObject({
  green: z.array(targetId()).min(1).meta({
    description: 'Targets out of the load balancer at the start: they get the new version, then all come in.',
  }),
  blue: z.array(targetId()).min(1).meta({
    description: 'Targets in service at the start: all leave, for good, once green serves.',
  }),
  retire: z.enum(['keep', 'deploy']).prefault('keep').meta({
    description:
      'What becomes of blue when it is out: keep it as it is, for the way back, or run the deploy command for it too.',
  }),
});

/** `rollout:` how the new version gets onto the targets. */
export const rolloutSchema = z
  .strictObject({
    strategy: z.enum(['rolling', 'stages', 'blue-green']).prefault('rolling').meta({
      description:
        'rolling: one target after the other; stages: exactly the stages written below; blue-green: all of green comes in, then all of blue leaves.',
    }),
    blueGreen: z
      .union([blueGreenSchema, z.null()])
      .prefault(null)
      .meta({ description: 'Only for strategy blue-green: the two groups; another strategy passes over it.' }),
    stages: z.array(stageSchema).prefault([]).meta({ description: 'Only for strategy stages: the stages in order.' }),
    sleep: z
      .strictObject({
        afterDetach: duration()
          .prefault('60s')
          .meta({ description: 'Wait after each detach, for traffic to stop and requests to finish.' }),
        afterAttach: duration()
          .prefault('60s')
          .meta({ description: 'Wait after each attach, for traffic to come back.' }),
      })
      .prefault({})
      .meta({ description: 'Fixed waits of strategy rolling.' }),
    wait: z.enum(['sleep', 'health', 'both']).prefault('sleep').meta({
      description:
        'How to wait after a change: sleep a fixed time, ask the load balancer, or ask and then sleep. With strategy stages the sleeps are those written into the stages; health and both add the questions.',
    }),
    awaitTimeout: orOff('auto', someTime()).prefault('auto').meta({
      description:
        'With wait health or both: give up when the load balancer takes longer. auto: computed from its drain timeout and health check.',
    }),
    settle: duration()
      .prefault('2s')
      .meta({ description: 'With wait health or both: how long a state must hold without a break to be believed.' }),
    onFailure: z.enum(['stop', 'rollback']).prefault('stop').meta({
      description:
        'When a deploy fails: stop and leave that target as it is, or deploy previousVersion to it. Never touches the next target.',
    }),
    longestRequest: orOff('auto', someTime()).prefault('auto').meta({
      description:
        "How long users' requests may run: a detach is given that long, and the preflight measures drain timeout and sleep by it. auto: as long as the scenario's own longest (traffic.lanes.long.maxHold).",
    }),
    awaitUnused: flag().prefault('false').meta({
      description:
        'With wait health or both behind ELBv2, which calls a target draining for the whole deregistration delay: wait until it says unused. Off: until it is deregistered, nothing of it was seen any more and what was in flight must have ended.',
    }),
    minInService: count(0, 10_000).prefault(1).meta({
      description: 'Other targets that must be in service before a detach; checked live. 0 allows a gap without any.',
    }),
    deploy: z
      .union([z.literal('none'), commandSchema])
      .meta({ description: 'The deploy command, or none.', example: 'none' }),
    version: someText('write the version that is deployed, e.g. v2').meta({
      description: 'The version that is deployed, as the version header of the service will show it.',
      example: 'v2',
    }),
    previousVersion: optionalText().meta({
      description: 'The version before, if known: then a target that still answers with another one is noticed.',
    }),
  })
  .meta({ description: 'How the new version gets onto the targets.' });
