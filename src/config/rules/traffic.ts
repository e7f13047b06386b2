import { isIP } from 'node:net';
import { notRunText, notRunWays, replayedByGo } from '../../domain/lane-sight.js';
import { formatDuration } from '../../domain/time.js';
import { plainText, quoted } from '../problem-text.js';
import { type Finding, problem, type Rule, warning } from './rule.js';

/** ELB's default: it gives up on a silent target after this, whatever our own timeout. */
const BALANCER_IDLE_MS = 60_000;

/** Without weight a lane sees nothing. */
const lanesHaveWeight: Rule = {
  reads: ['traffic.lanes.new', 'traffic.lanes.reuse', 'traffic.lanes.h2'],
  findings: ({ traffic: { lanes } }) => {
    const kept = lanes.reuse + lanes.h2;
    if (lanes.new > 0 && kept > 0) return [];
    if (lanes.new === 0 && kept === 0)
      return [
        problem(
          ['traffic', 'lanes'],
          'both lanes have weight 0: there would be no traffic',
          'give new and reuse weight 1',
        ),
      ];
    const [off, kind] = lanes.new === 0 ? ['new', 'new connections'] : ['reuse', 'kept-alive connections'];
    return [
      warning(['traffic', 'lanes', off], `weight 0: nothing will be known about ${kind}`, `give ${off} weight 1`),
    ];
  },
};

/** Long requests must be long on purpose and end before the timeout. */
const longLaneEnds: Rule = {
  reads: ['traffic.lanes.long', 'traffic.timeout'],
  findings: ({ traffic: { lanes, timeout } }, isWritten) => {
    const { long } = lanes;
    if (long === null) return [];
    const at = (key: string) => [
      'traffic',
      'lanes',
      'long',
      ...(isWritten(['traffic', 'lanes', 'long', key]) ? [key] : []),
    ];
    const findings: Finding[] = [];
    if (!long.path.includes('{ms}'))
      findings.push(
        problem(
          at('path'),
          'has no {ms}: the service would not know how long to hold the request',
          'write it where the service expects the time, e.g. /hold?ms={ms}',
        ),
      );
    if (!long.path.startsWith('/') || /[^\x21-\x7e]/.test(long.path))
      findings.push(
        problem(at('path'), `${quoted(long.path)} is not a path`, 'start with / and write %20 for a space'),
      );
    if (long.minHold > long.maxHold) {
      findings.push(
        problem(
          at('minHold'),
          `minHold (${formatDuration(long.minHold)}) is above maxHold (${formatDuration(long.maxHold)})`,
          'swap them',
        ),
      );
    }
    if (Math.max(long.minHold, long.maxHold) >= timeout) {
      const longest = formatDuration(Math.max(long.minHold, long.maxHold));
      findings.push(
        problem(
          at('maxHold'),
          `requests held ${longest} would all run into the timeout of ${formatDuration(timeout)}`,
          'raise traffic.timeout, or shorten maxHold',
        ),
      );
    }
    return findings;
  },
};

/** When the service hangs, rate × timeout requests are in flight; a smaller cap drops arrivals just when they matter. */
const capHoldsAnOutage: Rule = {
  reads: ['traffic.rate', 'traffic.timeout', 'traffic.maxInFlight', 'traffic.lanes.long'],
  findings: ({ traffic }) => {
    const { maxInFlight, lanes } = traffic;
    const needed = Math.ceil(((traffic.rate + (lanes.long?.rate ?? 0)) * traffic.timeout) / 1000);
    if (maxInFlight === null) {
      if (needed <= 20_000) return [];
      return [
        warning(
          ['traffic', 'rate'],
          `in an outage ${needed} requests would be in flight at once (rate × timeout)`,
          'lower the rate or the timeout: ports and files run out',
        ),
      ];
    }
    if (maxInFlight >= needed) return [];
    return [
      warning(
        ['traffic', 'maxInFlight'],
        `in an outage ${needed} requests would be in flight (rate × timeout); ${maxInFlight} drops arrivals just then`,
        `set it to at least ${needed}, or to auto`,
      ),
    ];
  },
};

/** The verdict asks for a number of requests before the first detach. */
const baselineIsLongEnough: Rule = {
  reads: ['traffic.rate', 'traffic.baseline', 'policy.gates.minBaseline'],
  findings: ({ traffic, policy }, isWritten) => {
    const expected = (traffic.rate * traffic.baseline) / 1000;
    if (expected >= policy.gates.minBaseline) return [];
    const seconds = Math.ceil(policy.gates.minBaseline / traffic.rate);
    const path = ['traffic', isWritten(['traffic', 'baseline']) ? 'baseline' : 'rate'];
    const message = `the baseline has about ${Math.floor(expected)} requests, the policy asks for ${policy.gates.minBaseline}: the run would be INCONCLUSIVE`;
    return [warning(path, message, `set traffic.baseline: ${seconds + 1}s, or raise traffic.rate`)];
  },
};

/** The timeout is part of what "down" means. */
const timeoutIsSensible: Rule = {
  reads: ['traffic.timeout'],
  findings: ({ traffic: { timeout } }) => {
    if (timeout > BALANCER_IDLE_MS) {
      const message = `${formatDuration(timeout)} is longer than a load balancer's idle timeout of 60 s: it answers 504 first`;
      return [warning(['traffic', 'timeout'], message, 'write how long a user would wait, e.g. 10s')];
    }
    return [];
  },
};

/** Only addresses: a name here would be looked up after all. */
const resolveHoldsAddresses: Rule = {
  reads: ['traffic.resolve', 'service.url'],
  findings: ({ traffic, service }) => {
    const host = new URL(service.url).hostname.replace(/^\[|\]$/g, '').toLowerCase();
    return Object.entries(traffic.resolve).flatMap(([name, addresses]): Finding[] => {
      const path = ['traffic', 'resolve', name];
      const wrong = addresses.flatMap((address, index) =>
        isAddress(address)
          ? []
          : [
              problem(
                [...path, index],
                `${quoted(address)} is not an address`,
                'write 10.0.0.1, 10.0.0.1:8080 or [2001:db8::1]:8080',
              ),
            ],
      );
      const unused =
        name.toLowerCase() === host
          ? []
          : [
              warning(
                path,
                `no request goes to ${quoted(name)}; the URL names ${plainText(host, 60)}`,
                'write the host of service.url',
              ),
            ];
      return [...wrong, ...unused];
    });
  },
};

function isAddress(text: string): boolean {
  if (isIP(text) !== 0) return true;
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text);
  if (match === null) return false;
  const port = Number(match[3] ?? 80);
  return (isIP(match[1] ?? '') === 6 || isIP(match[2] ?? '') === 4) && port >= 1 && port <= 65_535;
}

/** TLS settings that do nothing, or too much. */
const tlsIsUsed: Rule = {
  reads: ['traffic.tls', 'traffic.engine', 'service.url'],
  findings: ({ traffic: { tls, engine }, service }, isWritten) => {
    if (!isWritten(['traffic', 'tls'])) return [];
    const findings: Finding[] = [];
    if ((tls.cert === null) !== (tls.key === null)) {
      const [there, missing] = tls.cert === null ? ['key', 'cert'] : ['cert', 'key'];
      findings.push(
        problem(['traffic', 'tls', there], `is of no use without ${missing}`, `add traffic.tls.${missing}`),
      );
    }
    if (tls.keyPassphraseEnv !== null && tls.key === null)
      findings.push(problem(['traffic', 'tls', 'keyPassphraseEnv'], 'there is no key', 'add traffic.tls.key'));
    if (tls.cert !== null && engine !== 'embedded') {
      const message = `engine ${engine} does not show a client certificate`;
      findings.push(problem(['traffic', 'tls', 'cert'], message, 'use traffic.engine: embedded'));
    }
    if (!service.url.toLowerCase().startsWith('https:'))
      return [
        ...findings,
        warning(['traffic', 'tls'], 'is not used: service.url is http', 'remove it, or write https://'),
      ];
    const unused =
      tls.insecure && tls.ca !== null
        ? [
            warning(
              ['traffic', 'tls', 'insecure'],
              'any certificate is accepted, so ca is not used',
              'set insecure: false',
            ),
          ]
        : [];
    return [...findings, ...unused];
  },
};

/** The self-test spoils a real run on purpose. */
const stallIsForTheLab: Rule = {
  reads: ['traffic.injectStall', 'balancer'],
  findings: ({ traffic, balancer }) =>
    traffic.injectStall !== null && balancer.kind !== 'lab'
      ? [
          warning(
            ['traffic', 'injectStall'],
            'stops the generator on purpose: this run cannot end in PASS',
            'remove it; it is a self-test for the lab',
          ),
        ]
      : [],
};

/** Each engine has its own kind of own plan, and its own blind spots. */
const engineFits: Rule = {
  reads: [
    'traffic.engine',
    'traffic.script',
    'traffic.plan',
    'traffic.lanes.reuse',
    'traffic.lanes.new',
    'service.method',
    'service.headers',
  ],
  findings: ({ traffic, service }) => {
    const { engine, script, plan, lanes } = traffic;
    const findings: Finding[] = [];
    const misplaced = (key: string, value: string | null, needs: string) => {
      if (value !== null && engine !== needs)
        findings.push(
          problem(['traffic', key], `is only used by engine ${needs}`, `write traffic.engine: ${needs}, or remove it`),
        );
    };
    misplaced('script', script, 'k6');
    misplaced('plan', plan, 'jmeter');
    if (engine !== 'k6' || script !== null || lanes.reuse === 0 || replayedByGo(service) === null) return findings;
    const found = lanes.new === 0 ? problem : warning;
    const hint = lanes.new === 0 ? 'use engine embedded, or give lanes.new a weight' : `set ${notRunWays(service)}`;
    findings.push(found(['traffic', 'engine'], notRunText(service), hint));
    return findings;
  },
};

/** Rules about `traffic:`. */
export const TRAFFIC_RULES: readonly Rule[] = [
  engineFits,
  lanesHaveWeight,
  longLaneEnds,
  capHoldsAnOutage,
  baselineIsLongEnough,
  timeoutIsSensible,
  resolveHoldsAddresses,
  tlsIsUsed,
  stallIsForTheLab,
];
