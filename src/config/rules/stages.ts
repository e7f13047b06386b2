import type { KeyPath } from '../problem.js';
import { quoted } from '../problem-text.js';
import type { ScenarioDocument } from '../schema.js';
import { closest } from '../suggestion.js';
import { type Finding, problem, type Rule, warning } from './rule.js';

type Step = ScenarioDocument['rollout']['stages'][number]['steps'][number];
const STEP_KINDS = ['detach', 'deploy', 'attach', 'sleep'] as const;

/** Stages are asked for by name. */
const stageNames: Rule = {
  reads: ['rollout.stages'],
  findings: ({ rollout }) =>
    rollout.stages.flatMap((stage, index) =>
      rollout.stages.findIndex((other) => other.name === stage.name) === index
        ? []
        : [
            problem(
              ['rollout', 'stages', index, 'name'],
              `${quoted(stage.name)} is already the name of another stage`,
              'give every stage its own name',
            ),
          ],
    ),
};

/** Plays the stages through on paper: who is attached when, and who is left out at the end. */
const stagesMakeSense: Rule = {
  reads: ['rollout.strategy', 'rollout.stages', 'rollout.minInService', 'targets[].id'],
  findings: (document) => {
    if (document.rollout.strategy !== 'stages' || document.rollout.stages.length === 0) return [];
    const play = new PaperRollout(document);
    document.rollout.stages.forEach((stage, s) => {
      stage.steps.forEach((step, index) => {
        play.step(step, ['rollout', 'stages', s, 'steps', index]);
      });
    });
    return play.end();
  },
};

/** The state of every target while the steps are read in order. */
class PaperRollout {
  readonly #findings: Finding[] = [];
  readonly #ids: readonly string[];
  readonly #minInService: number;
  /** Where each target now out was detached. */
  readonly #detachedAt = new Map<string, KeyPath>();
  readonly #replaced = new Set<string>();
  constructor(document: ScenarioDocument) {
    this.#ids = document.targets.map((target) => target.id);
    this.#minInService = document.rollout.minInService;
  }

  step(step: Step, path: KeyPath): void {
    const kinds = STEP_KINDS.filter((kind) => step[kind] !== undefined);
    if (kinds.length !== 1) {
      const message =
        kinds.length === 0
          ? 'a step needs one of detach, deploy, attach or sleep'
          : `a step does one thing, this one has ${kinds.join(' and ')}`;
      this.#findings.push(problem(path, message, 'write one step per list entry, e.g. `- detach: staging-1`'));
      return;
    }
    for (const kind of ['detach', 'deploy', 'attach'] as const) {
      const target = step[kind];
      if (target === undefined) continue;
      if (!this.#ids.includes(target)) {
        const guess = closest(target, this.#ids);
        const known = this.#ids.join(', ');
        this.#findings.push(
          problem(
            [...path, kind],
            `there is no target ${quoted(target)}`,
            guess === null ? `the targets are ${known}` : `did you mean ${guess}? (the targets are ${known})`,
          ),
        );
      } else this[kind](target, [...path, kind]);
    }
  }

  detach(target: string, path: KeyPath): void {
    if (this.#detachedAt.has(target)) {
      this.#findings.push(problem(path, `${target} is already detached`, `attach it before, or remove this step`));
      return;
    }
    this.#detachedAt.set(target, path);
    const others = this.#ids.length - this.#detachedAt.size;
    if (others < this.#minInService && this.#ids.length > this.#minInService) {
      const message = `leaves ${others} other ${others === 1 ? 'target' : 'targets'} attached; minInService is ${this.#minInService}`;
      this.#findings.push(problem(path, message, 'attach another target before, or lower rollout.minInService'));
    }
  }

  deploy(target: string, path: KeyPath): void {
    if (!this.#detachedAt.has(target)) {
      this.#findings.push(
        warning(path, `${target} is still attached: its requests will meet the restart`, 'detach it before the deploy'),
      );
    }
    this.#replaced.add(target);
  }

  attach(target: string, path: KeyPath): void {
    if (!this.#detachedAt.delete(target)) {
      this.#findings.push(warning(path, `${target} is attached already: this step does nothing`, 'remove it'));
    }
  }

  end(): readonly Finding[] {
    const left = [...this.#detachedAt].map(([target, path]) =>
      problem(path, `${target} is never attached again`, `add \`- attach: ${target}\` after its deploy`),
    );
    const forgotten = this.#ids.filter((id) => !this.#replaced.has(id));
    const idle = forgotten.map((id) =>
      warning(
        ['rollout', 'stages'],
        `${id} is never deployed, so its replacement cannot be proven`,
        `add \`- deploy: ${id}\`, or remove it from targets`,
      ),
    );
    return [...this.#findings, ...left, ...idle];
  }
}

/** Rules about `rollout.stages:`. */
export const STAGE_RULES: readonly Rule[] = [stageNames, stagesMakeSense];
