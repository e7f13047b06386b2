import type { KeyPath } from '../problem.js';
import { quoted } from '../problem-text.js';
import { HEADER_NAME } from '../schema/service.js';
import { type Finding, problem, type Rule, warning } from './rule.js';

/** The generator frames requests and manages connections itself; a second opinion in a header would break the lanes. */
const OWNED = new Set([
  'connection',
  'content-length',
  'transfer-encoding',
  'keep-alive',
  'upgrade',
  'te',
  'trailer',
  'expect',
  'proxy-connection',
  'x-rollproof-run',
  'x-rollproof-seq',
]);

/** Header names and values must go over the wire as they stand. */
const headersAreSendable: Rule = {
  reads: ['service.headers'],
  findings: ({ service }) => unsendableHeaders(service.headers, ['service', 'headers']),
};

/** What is wrong with headers written at `at`. */
export function unsendableHeaders(headers: Readonly<Record<string, string>>, at: KeyPath): readonly Finding[] {
  const seen = new Set<string>();
  return Object.entries(headers).flatMap(([header, value]): Finding[] => {
    const path = [...at, header];
    const lower = header.toLowerCase();
    if (!HEADER_NAME.test(header))
      return [problem(path, `${quoted(header)} is not a header name`, 'use letters, digits and dashes')];
    if (OWNED.has(lower))
      return [
        problem(
          path,
          `${lower} is set by the traffic generator`,
          'remove it; rate and lanes decide how connections are used',
        ),
      ];
    if (seen.has(lower))
      return [problem(path, `${quoted(header)} is given twice (case does not matter)`, 'keep one of them')];
    seen.add(lower);
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) {
      return [
        problem(
          path,
          'the value has a line break or another character that cannot stand in a header',
          'keep it on one line, in plain letters',
        ),
      ];
    }
    return [];
  });
}

/** What is asked must be able to hold what is checked. */
const bodyFits: Rule = {
  reads: ['service.method', 'service.body', 'service.bodyFile', 'service.ok', 'service.requests'],
  findings: ({ service }) => {
    const findings: Finding[] = [];
    if (service.body !== null && service.bodyFile !== null)
      findings.push(problem(['service', 'bodyFile'], 'there is a body already', 'give body or bodyFile'));
    // With several requests this one's answer is asked for by lane long alone; the others have their own rule about it.
    if (service.requests.length === 0 && service.method === 'HEAD' && service.ok.bodyContains !== null) {
      findings.push(
        problem(
          ['service', 'ok', 'bodyContains'],
          'an answer to HEAD has no body to check',
          'use method GET, or remove bodyContains',
        ),
      );
    }
    if ((service.body ?? service.bodyFile) !== null && (service.method === 'GET' || service.method === 'HEAD')) {
      findings.push(
        warning(
          ['service', service.body === null ? 'bodyFile' : 'body'],
          `a ${service.method} request with a body is refused by some servers`,
          'use method POST, or remove the body',
        ),
      );
    }
    return findings;
  },
};

/** Two stamps in one header cannot be told apart. */
const identityIsDistinct: Rule = {
  reads: ['service.identity'],
  findings: ({ service: { identity } }) => {
    const named = Object.entries(identity).filter((entry): entry is [string, string] => entry[1] !== null);
    return named.flatMap(([key, header], index) => {
      const other = named.slice(0, index).find(([, before]) => before.toLowerCase() === header.toLowerCase());
      return other === undefined
        ? []
        : [
            problem(
              ['service', 'identity', key],
              `${quoted(header)} is the header of ${other[0]} already`,
              'name a header of its own',
            ),
          ];
    });
  },
};

/** The lab answers plain HTTP on this machine. */
const labIsPlainHttp: Rule = {
  reads: ['service.url', 'balancer'],
  findings: ({ service, balancer }) =>
    balancer.kind === 'lab' && service.url.toLowerCase().startsWith('https:')
      ? [problem(['service', 'url'], 'the lab speaks plain http', 'write http:// for balancer kind lab')]
      : [],
};

/** The lab refuses a check that would still wait when the next one is due. */
const labChecksFit: Rule = {
  reads: ['balancer'],
  findings: ({ balancer }) => {
    if (balancer.kind !== 'lab') return [];
    const { healthTimeoutMs, healthIntervalMs } = balancer.knobs;
    if (
      typeof healthTimeoutMs !== 'number' ||
      typeof healthIntervalMs !== 'number' ||
      healthTimeoutMs <= healthIntervalMs
    )
      return [];
    return [
      problem(
        ['balancer', 'knobs', 'healthTimeoutMs'],
        'is longer than healthIntervalMs',
        'shorten it, or check less often',
      ),
    ];
  },
};

/** Real and emulated runs must not share an environment name by default. */
const environmentIsNamed: Rule = {
  reads: ['environment', 'balancer'],
  findings: ({ environment, balancer }) => {
    if (balancer.kind === 'lab') return [];
    if (environment === undefined)
      return [
        problem(
          ['environment'],
          'is missing',
          'add environment, e.g. environment: staging; runs of different environments are never pooled',
        ),
      ];
    return environment === 'lab'
      ? [
          warning(
            ['environment'],
            'is lab, but the load balancer is a real one',
            'name it after where it runs, e.g. staging',
          ),
        ]
      : [];
  },
};

/** Rules about `service:` and where it runs. */
export const SERVICE_RULES: readonly Rule[] = [
  headersAreSendable,
  bodyFits,
  identityIsDistinct,
  labIsPlainHttp,
  labChecksFit,
  environmentIsNamed,
];
