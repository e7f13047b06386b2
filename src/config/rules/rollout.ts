import { quoted } from '../problem-text.js';
import { problem, type Rule, warning } from './rule.js';

/** Stages and strategy must say the same. */
const strategyFits: Rule = {
  reads: ['rollout.strategy', 'rollout.stages'],
  findings: ({ rollout }, isWritten) => {
    if (rollout.strategy !== 'stages') {
      return rollout.stages.length === 0
        ? []
        : [
            problem(
              ['rollout', 'stages'],
              `stages are written but the strategy is ${rollout.strategy}`,
              'add `strategy: stages`, or remove the stages',
            ),
          ];
    }
    const unused = (['sleep'] as const).filter((key) => isWritten(['rollout', key]));
    return [
      ...(rollout.stages.length > 0
        ? []
        : [
            problem(
              ['rollout', isWritten(['rollout', 'stages']) ? 'stages' : 'strategy'],
              'strategy stages needs at least one stage',
              'write the stages, or use `strategy: rolling`',
            ),
          ]),
      ...unused.map((key) =>
        warning(
          ['rollout', key],
          `${key} is not used with strategy stages`,
          'write `- sleep: 60s` steps into the stages',
        ),
      ),
    ];
  },
};

/** Who is in neither group would be left behind, who is in both would leave as it came. */
const groupsFit: Rule = {
  reads: ['rollout.strategy', 'rollout.blueGreen', 'targets[].id'],
  findings: ({ rollout, targets }) => {
    const { strategy, blueGreen } = rollout;
    if (blueGreen === null) {
      if (strategy !== 'blue-green') return [];
      const hint = 'write rollout.blueGreen with the lists green and blue';
      return [problem(['rollout', 'strategy'], 'strategy blue-green needs its two groups', hint)];
    }
    const at = (group: 'green' | 'blue', index: number) => ['rollout', 'blueGreen', group, index];
    const ids = targets.map(({ id }) => id);
    const named = [...blueGreen.green, ...blueGreen.blue];
    return [
      ...(['green', 'blue'] as const).flatMap((group) =>
        blueGreen[group].flatMap((id, index) => {
          if (!ids.includes(id))
            return [problem(at(group, index), `there is no target ${quoted(id)}`, 'name a target from `targets:`')];
          const before =
            group === 'blue'
              ? [...blueGreen.green, ...blueGreen.blue.slice(0, index)]
              : blueGreen.green.slice(0, index);
          return before.includes(id)
            ? [problem(at(group, index), `${quoted(id)} is named twice`, 'a target is either green or blue')]
            : [];
        }),
      ),
      ...ids.flatMap((id, index) =>
        named.includes(id)
          ? []
          : [
              problem(
                ['targets', index, 'id'],
                `${quoted(id)} is neither green nor blue`,
                'add it to a list of rollout.blueGreen',
              ),
            ],
      ),
    ];
  },
};

/** A wait that is written but never happens misleads whoever reads the file. */
const waitsAreUsed: Rule = {
  reads: ['rollout.strategy', 'rollout.wait', 'rollout.sleep'],
  findings: ({ rollout }, isWritten) => {
    if (rollout.strategy !== 'stages' && rollout.wait === 'health' && isWritten(['rollout', 'sleep'])) {
      return [
        warning(
          ['rollout', 'sleep'],
          'the sleeps are not used with wait: health',
          'use `wait: both` to ask the load balancer and then sleep',
        ),
      ];
    }
    if (rollout.wait === 'sleep' && isWritten(['rollout', 'awaitTimeout'])) {
      return [
        warning(
          ['rollout', 'awaitTimeout'],
          'awaitTimeout is not used with wait: sleep',
          'use `wait: health` or `wait: both` to ask the load balancer',
        ),
      ];
    }
    return [];
  },
};

/** What is executed must be unmistakable. */
const commandIsClear: Rule = {
  reads: ['rollout.deploy'],
  findings: ({ rollout: { deploy } }) => {
    if (deploy === 'none') return [];
    const path = ['rollout', 'deploy', 'command'];
    if (typeof deploy.command === 'string') {
      return deploy.shell
        ? []
        : [
            problem(
              path,
              'is one line of text; without a shell it must be a list of words',
              `write [${deploy.command.trim().split(/\s+/).slice(0, 4).join(', ')}${deploy.command.trim().split(/\s+/).length > 4 ? ', …' : ''}], or add \`shell: true\``,
            ),
          ];
    }
    return [
      ...((deploy.command[0] ?? '').trim() === ''
        ? [problem([...path, 0], 'the command is empty', 'name the program to run')]
        : []),
      ...deploy.command.flatMap((word, index) =>
        word.includes('\0') ? [problem([...path, index], 'has a NUL character in it', 'remove it')] : [],
      ),
      ...Object.keys(deploy.env).flatMap((name) =>
        /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
          ? []
          : [
              problem(
                ['rollout', 'deploy', 'env', name],
                'is not a name for an environment variable',
                'use letters, digits and underscores',
              ),
            ],
      ),
      ...Object.keys(deploy.env).flatMap((name) =>
        /^ROLLPROOF_(TARGET|INSTANCE|VERSION|PREVIOUS_VERSION|STAGE|RUN_ID|MARK_FILE)$/.test(name)
          ? [problem(['rollout', 'deploy', 'env', name], 'is set by rollproof itself', 'remove it')]
          : [],
      ),
    ];
  },
};

/** Equal versions cannot be told apart by what the service answers. */
const versionsDiffer: Rule = {
  reads: ['rollout.version', 'rollout.previousVersion'],
  findings: ({ rollout }) =>
    rollout.version === rollout.previousVersion
      ? [
          warning(
            ['rollout', 'previousVersion'],
            'is the same as version: a target that kept the old version cannot be told apart',
            'deploy a version of its own, or remove previousVersion',
          ),
        ]
      : [],
};

/** Rules about `rollout:` but for the explicit stages. */
export const ROLLOUT_RULES: readonly Rule[] = [strategyFits, groupsFit, waitsAreUsed, commandIsClear, versionsDiffer];
