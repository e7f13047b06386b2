import { KEPT_LANES } from '../../domain/sample.js';
import { formatDuration } from '../../domain/time.js';
import { attachBegunAt } from '../observed-calls.js';
import { attachedBefore } from './attach-rules.js';
import type { CauseContext } from './context.js';
import { type FailureView, isAtAddress } from './failure-view.js';
import { type CauseRule, isOfBalancer, isOut, requests } from './rule.js';

/** A 503 or a timeout while some target was out and the others were slow: the load, whatever version bore it. */
function isOverload(f: FailureView, context: CauseContext): boolean {
  if (f.class !== 'timeout' && f.status !== 503) return false;
  return context.lives.some((life) => life.isDip && f.target !== life.index && isOut(life, f.sentAt));
}

/** The new version itself answers with errors. */
export const newVersionErrors: CauseRule = {
  code: 'NEW_VERSION_ERRORS',
  weight: 0.9,
  perTarget: false,
  matches(f, _life, context) {
    if (f.class !== 'http_5xx_app' && f.class !== 'assertion') return false;
    if (!context.newVersionFails || isOverload(f, context)) return false;
    return f.version === context.version && attachedBefore(f, context);
  },
  tell({ failures, of }, context) {
    const version = context.version;
    return {
      sentence: `version ${version} itself answered ${failures.length} of ${of} failed requests with an error`,
      hint: `Roll back, or repair version ${version}.`,
    };
  },
};

/** What was left in service could not carry the load. */
export const capacityDip: CauseRule = {
  code: 'CAPACITY_DIP',
  weight: 0.7,
  perTarget: true,
  matches(f, life, context) {
    if (life === null || f.target === life.index || !isOut(life, f.sentAt)) return false;
    if (f.class !== 'timeout' && f.status !== 503) return false;
    return life.isDip && !isOfBalancer(f, context);
  },
  tell({ life }, context) {
    if (life === null) return { sentence: '', hint: '' };
    return {
      sentence: `the targets left in service could not carry the load while ${life.target} was out: p99 rose from ${formatDuration(context.baselineP99 ?? 0)} to ${formatDuration(life.dipP99 ?? 0)}`,
      hint: 'Add capacity before the deploy, take out fewer targets at once, or deploy at a quieter hour.',
    };
  },
};

/** The old version began to fail once the new one was there. */
export const oldNewIncompatible: CauseRule = {
  code: 'OLD_NEW_INCOMPATIBLE',
  weight: 0.6,
  perTarget: false,
  matches(f, _life, context) {
    if (f.class !== 'http_5xx_app' || f.version === null || f.version === context.version) return false;
    if (!context.oldVersionFails || isOverload(f, context)) return false;
    const first = Math.min(...context.lives.map((life) => attachBegunAt(life) ?? Number.POSITIVE_INFINITY));
    return f.sentAt >= first;
  },
  tell({ failures }, context) {
    const old = failures[0]?.version ?? 'the old version';
    return {
      sentence: `version ${old} answered ${requests(failures.length)} with an error once version ${context.version} was in service beside it`,
      hint: 'Make both versions work on the same data: change the schema in steps that the old version tolerates.',
    };
  },
};

/** The balancer's own address did not take the connection. */
export const lbEndpoint: CauseRule = {
  code: 'LB_ENDPOINT',
  weight: 0.6,
  perTarget: false,
  matches(f) {
    return f.class !== 'unreachable' && isAtAddress(f.class, f.errorPhase);
  },
  tell({ failures }) {
    return {
      sentence: `the load balancer's own address did not take ${requests(failures.length)}`,
      hint: 'Look for a change of balancer nodes or of DNS; it need not have to do with the deploy.',
    };
  },
};

/** A connection was closed just when the client used it again. */
export const keepaliveRace: CauseRule = {
  code: 'KEEPALIVE_RACE',
  weight: 0.5,
  perTarget: false,
  matches(f, _life, context) {
    return (
      f.class === 'reset' &&
      KEPT_LANES.has(f.lane) &&
      f.connectionUse !== 1 &&
      context.resetsOnReuseOnly &&
      (context.isUnaligned || context.resetsAsBefore)
    );
  },
  tell({ failures }) {
    return {
      sentence: `${requests(failures.length)} met a kept-alive connection just as it was closed, whatever the deploy was doing`,
      hint: "Make the server's keep-alive timeout longer than the idle timeout of what stands before it.",
    };
  },
};

/** The service fails like this without any deploy. */
export const background: CauseRule = {
  code: 'BACKGROUND',
  weight: 0.3,
  perTarget: false,
  matches(_f, _life, context) {
    return context.isNoisy && context.noPhaseStandsOut;
  },
  tell() {
    return {
      sentence: 'requests fail about as often without any deploy',
      hint: 'Repair what fails without a deploy first, or judge with policy.mode: budget or attributed.',
    };
  },
};
