// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders are the scenario's own.
import { describe } from 'vitest';
import { type Bad, itRefuses } from './bad.js';
import { variant } from './memory-io.js';

const stages = (...steps: readonly string[]) =>
  variant({
    9:
      'rollout:\n  strategy: stages\n  stages:\n    - name: one\n      steps:' +
      steps.map((step) => `\n        - ${step}`).join(''),
  });

const BAD: readonly Bad[] = [
  {
    what: 'no targets',
    text: variant({ 6: 'targets: []', 7: '', 8: '' }),
    at: [6, 10],
    path: 'targets',
    message: /at least one/,
    hint: /servers/,
  },
  {
    what: 'same id twice',
    text: variant({ 8: '  - { id: a, instance: i-2 }' }),
    at: [8, 11],
    path: 'targets[1].id',
    message: /"a" is already the id of targets\[0\]/,
    hint: /own id/,
  },
  {
    what: 'same instance twice',
    text: variant({ 8: '  - { id: b, instance: i-1 }' }),
    at: [8, 24],
    path: 'targets[1].instance',
    message: /already the instance/,
    hint: /own instance/,
  },
  {
    what: 'minInService too high',
    text: variant({ 11: '  deploy: none\n  minInService: 2' }),
    at: [12, 17],
    path: 'rollout.minInService',
    message: /only 2 targets/,
    hint: /at most 1, or 0/,
  },
  {
    what: 'one target, default minInService',
    text: variant({ 8: '' }),
    at: [7, 3],
    path: 'targets',
    message: /only 1 target/,
    hint: /minInService: 0/,
  },
  {
    what: 'empty command',
    text: variant({ 11: '  deploy: { command: [] }' }),
    at: [11, 22],
    path: 'rollout.deploy.command',
    message: /at least one/,
    hint: /Command/,
  },
  {
    what: 'empty first word',
    text: variant({ 11: '  deploy: { command: ["", x] }' }),
    at: [11, 23],
    path: 'rollout.deploy.command[0]',
    message: /command is empty/,
    hint: /program/,
  },
  {
    what: 'shell line without shell',
    text: variant({ 11: '  deploy: { command: ./go now }' }),
    at: [11, 22],
    path: 'rollout.deploy.command',
    message: /without a shell/,
    hint: /\[\.\/go, now\].*shell: true/,
  },
  {
    what: 'unknown key of deploy',
    text: variant({ 11: '  deploy: { comand: [x] }' }),
    at: [11, 13],
    path: 'rollout.deploy.comand',
    message: /unknown key/,
    hint: /command/,
  },
  {
    what: 'unknown target in a stage',
    text: stages('detach: bb'),
    at: [14, 19],
    path: 'rollout.stages[0].steps[0].detach',
    message: /no target "bb"/,
    hint: /did you mean b\?|the targets are a, b/,
  },
  {
    what: 'detached twice',
    text: stages('detach: a', 'detach: a', 'attach: a'),
    at: [15, 19],
    path: 'rollout.stages[0].steps[1].detach',
    message: /already detached/,
    hint: /attach it/,
  },
  {
    what: 'never attached',
    text: stages('detach: a', 'deploy: a'),
    at: [14, 19],
    path: 'rollout.stages[0].steps[0].detach',
    message: /never attached again/,
    hint: /- attach: a/,
  },
  {
    what: 'nobody left',
    text: stages('detach: a', 'detach: b', 'attach: a', 'attach: b'),
    at: [15, 19],
    path: 'rollout.stages[0].steps[1].detach',
    message: /leaves 0 other targets/,
    hint: /lower rollout\.minInService/,
  },
  {
    what: 'two things in a step',
    text: stages('{ detach: a, sleep: 5s }'),
    at: [14, 11],
    path: 'rollout.stages[0].steps[0]',
    message: /detach and sleep/,
    hint: /one step/,
  },
  {
    what: 'stages with strategy rolling',
    text: stages('sleep: 5s').replace('strategy: stages', 'strategy: rolling'),
    at: [12, 5],
    path: 'rollout.stages',
    message: /strategy is rolling/,
    hint: /strategy: stages/,
  },
];

describe('a scenario whose targets and stages do not fit together', () => itRefuses(BAD));
