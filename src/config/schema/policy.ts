import { z } from 'zod';
import { CAUSE_CODES } from '../../domain/outage.js';
import { DEFAULT_GATES, DEFAULT_POLICY } from '../../domain/scenario.js';
import { VERDICT_CODES } from '../../domain/verdict.js';
import { count, duration, flag, openRatio, orOff, ratio, someTime } from './fields.js';

const gates = DEFAULT_GATES;
const policy = DEFAULT_POLICY;
const ms = (value: number) => `${value}ms`;
const odds = () => openRatio('write a probability such as 0.05 or 5%');

const gatesSchema = z.strictObject({
  maxLost: ratio().prefault(gates.maxLost).meta({ description: 'Share of records that may be lost.' }),
  maxDropped: ratio()
    .prefault(gates.maxDropped)
    .meta({ description: 'Share of arrivals that may go unsent for want of a free connection.' }),
  maxClientErrors: ratio()
    .prefault(gates.maxClientErrors)
    .meta({ description: "Share of the generator's own errors (ports, files, DNS)." }),
  maxForged: ratio()
    .prefault(gates.maxForged)
    .meta({ description: 'Share of requests a stall of the generator may have spoilt.' }),
  maxStall: duration().prefault(ms(gates.maxStallMs)).meta({ description: 'Longest standstill of the generator.' }),
  late: duration()
    .prefault(ms(gates.lateMs))
    .meta({ description: 'An arrival sent later than this after its time is late.' }),
  maxLate: ratio().prefault(gates.maxLate).meta({ description: 'Share of arrivals that may be late.' }),
  maxControlFailed: ratio()
    .prefault(gates.maxControlFailed)
    .meta({ description: 'Share of control probes that may fail.' }),
  minBaseline: count(0, 100_000_000)
    .prefault(gates.minBaseline)
    .meta({ description: 'Requests the baseline must have.' }),
  minStamped: ratio()
    .prefault(gates.minStamped)
    .meta({ description: 'Share of baseline answers that must say who answered.' }),
  maxClockError: duration()
    .prefault(ms(gates.maxClockErrorMs))
    .meta({ description: 'Largest clock error between machines.' }),
});

/** `policy:` what the verdict asks for. Defaults of docs: verdict §7. */
export const policySchema = z
  .strictObject({
    mode: z.enum(['strict', 'budget', 'attributed']).prefault(policy.mode).meta({
      description:
        'strict: no failed request; budget: as many as the SLO allows; attributed: no more than before the rollout.',
    }),
    alpha: odds().prefault(policy.alpha).meta({ description: 'Odds of a wrong statement: 0.05 is 95 % confidence.' }),
    excessAlpha: odds()
      .prefault(policy.excessAlpha)
      .meta({ description: 'The same for "more failures than in the baseline".' }),
    slo: openRatio('write an availability such as 99.9% or 0.999')
      .prefault(policy.slo)
      .meta({ description: 'Availability that must be shown, e.g. 99.9%.' }),
    fullOutage: someTime()
      .prefault(ms(policy.fullOutageMs))
      .meta({ description: 'Longest outage of everything that may go unseen.' }),
    targetOutage: someTime()
      .prefault(ms(policy.targetOutageMs))
      .meta({ description: 'Longest outage of one target that may go unseen.' }),
    maxOutage: duration()
      .prefault(ms(policy.maxOutageMs))
      .meta({ description: 'Mode budget: longest outage that is tolerated.' }),
    delta: openRatio('write a probability such as 0.001 or 0.1%')
      .prefault(policy.delta)
      .meta({ description: 'Mode attributed: additional failures that are tolerated.' }),
    requireDrain: flag()
      .prefault('false')
      .meta({ description: 'No PASS unless a request was in flight at every detach.' }),
    slow: orOff('off', someTime())
      .prefault('off')
      .meta({ description: 'Latency objective from the scheduled time to the end of the answer, or off.' }),
    dns: z
      .enum(['unknown', 'fail'])
      .prefault(policy.dns)
      .meta({ description: 'Whether a failed DNS look-up is unknown or a failed request.' }),
    gates: gatesSchema.prefault({}).meta({ description: 'How healthy the generator must have been for a PASS.' }),
  })
  .meta({ description: 'What the verdict asks for.' });

/** `expect:` what a run is known to end in; for demos and tests of rollproof itself. */
export const expectSchema = z.strictObject({
  verdict: z.enum(['PASS', 'FAIL', 'INCONCLUSIVE', 'REFUSED']).meta({
    description: 'The verdict, or REFUSED when preflight or a lock must stop the run before anything is touched.',
    example: 'PASS',
  }),
  codes: z
    .array(z.enum(VERDICT_CODES))
    .prefault([])
    .meta({ description: 'Codes that must be among those of the verdict.' }),
  cause: z
    .union([z.enum(CAUSE_CODES), z.null()])
    .prefault(null)
    .meta({ description: 'Cause that must rank first in some outage, or nothing.' }),
});
