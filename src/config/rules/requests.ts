import { splitAtPlaceholders } from '../../domain/placeholder.js';
import { quoted } from '../problem-text.js';
import type { ScenarioDocument } from '../schema.js';
import { type Finding, problem, type Rule, warning } from './rule.js';
import { unsendableHeaders } from './service.js';

type Request = ScenarioDocument['service']['requests'][number];

const at = (index: number, ...keys: string[]) => ['service', 'requests', index, ...keys];

/** Failures are shown by the name of their request. */
const namesAreDistinct: Rule = {
  reads: ['service.requests[].name', 'service.requests.length'],
  findings: ({ service: { requests } }) =>
    requests.flatMap(({ name }, i) =>
      requests.findIndex((other) => other.name === name) < i
        ? [problem(at(i, 'name'), `${quoted(name)} is the name of another request`, 'give each its own name')]
        : [],
    ),
};

const oneHasWeight: Rule = {
  reads: ['service.requests[].weight', 'service.requests.length'],
  findings: ({ service: { requests } }) =>
    requests.length > 0 && requests.every(({ weight }) => weight === 0)
      ? [problem(['service', 'requests'], 'all have weight 0: nothing would be sent', 'give one of them weight 1')]
      : [],
};

const pathsAreSendable: Rule = {
  reads: ['service.requests[].path', 'service.requests.length'],
  findings: ({ service: { requests } }) =>
    requests.flatMap(({ path }, i) =>
      path === null || /^\/[\x21-\x7e]*$/.test(splitAtPlaceholders(path).fixed.join('x'))
        ? []
        : [problem(at(i, 'path'), `${quoted(path)} is not a path`, 'start with / and write %20 for a space')],
    ),
};

const headersAreSendable: Rule = {
  reads: ['service.requests[].headers', 'service.requests.length'],
  findings: ({ service: { requests } }) =>
    requests.flatMap(({ headers }, i) => unsendableHeaders(headers, at(i, 'headers'))),
};

const bodiesFit: Rule = {
  reads: [
    'service.method',
    'service.ok',
    ...['method', 'body', 'bodyFile', 'ok', 'length'].map((key) =>
      key === 'length' ? 'service.requests.length' : `service.requests[].${key}`,
    ),
  ],
  findings: ({ service }) => service.requests.flatMap((request, i) => bodyFindings(request, i, service)),
};

function bodyFindings(request: Request, i: number, service: ScenarioDocument['service']): Finding[] {
  const findings: Finding[] = [];
  const method = request.method ?? service.method;
  const { bodyContains } = request.ok ?? service.ok;
  if (request.body !== null && request.bodyFile !== null)
    findings.push(problem(at(i, 'bodyFile'), 'there is a body already', 'give body or bodyFile'));
  if (method === 'HEAD' && bodyContains !== null) {
    const hint = 'use another method, or give it an ok: of its own without bodyContains';
    findings.push(problem(at(i, 'method'), 'an answer to HEAD has no body to check', hint));
  }
  if ((request.body ?? request.bodyFile) !== null && (method === 'GET' || method === 'HEAD')) {
    const message = `a ${method} request with a body is refused by some servers`;
    const key = request.body === null ? 'bodyFile' : 'body';
    findings.push(warning(at(i, key), message, 'use method POST, or remove the body'));
  }
  return findings;
}

/** The other engines send one request. */
const engineSendsThem: Rule = {
  reads: ['traffic.engine', 'service.requests', 'service.values'],
  findings: ({ service, traffic }) => {
    if (traffic.engine === 'embedded') return [];
    const hint = 'use traffic.engine: embedded, or leave it to traffic.script or traffic.plan of your own';
    const one = (key: 'requests' | 'values', isGiven: boolean): Finding[] =>
      isGiven ? [problem(['service', key], `is not sent by engine ${traffic.engine}`, hint)] : [];
    return [...one('requests', service.requests.length > 0), ...one('values', service.values !== null)];
  },
};

/** What is written and would have no effect, or another one than it seems. */
const allIsUsed: Rule = {
  reads: ['service.requests', 'service.values', 'service.body', 'service.bodyFile', 'service.headers', 'traffic.lanes'],
  findings: ({ service, traffic: { lanes } }) => {
    const { requests, values } = service;
    const findings: Finding[] = [];
    const texts = requests.flatMap(({ path, headers, body }, i) => [
      ...(path === null ? [] : [[at(i, 'path'), path] as const]),
      ...Object.entries(headers).map(([name, value]) => [at(i, 'headers', name), value] as const),
      ...(body === null ? [] : [[at(i, 'body'), body] as const]),
    ]);
    const isTemplate = (text: string) => splitAtPlaceholders(text).columns.length > 0;
    if (values !== null && !texts.some(([, text]) => isTemplate(text)) && requests.every((r) => r.bodyFile === null))
      findings.push(
        warning(['service', 'values'], 'no request uses a column of it', 'write {{column}} in service.requests'),
      );
    const sentAsIs = values === null ? texts : [];
    for (const [path, text] of [...sentAsIs, ...outside(service)]) {
      if (!isTemplate(text)) continue;
      const hint = 'values go into the entries of service.requests, from the file service.values names';
      findings.push(warning(path, 'the {{…}} is sent as it stands', hint));
    }
    const key = service.body === null ? 'bodyFile' : 'body';
    if (requests.length > 0 && service[key] !== null && lanes.long === null)
      findings.push(
        warning(['service', key], 'is not used by service.requests', 'give the requests bodies of their own'),
      );
    return findings;
  },
};

function outside({ headers, body }: ScenarioDocument['service']) {
  return [
    ...Object.entries(headers).map(([name, value]) => [['service', 'headers', name], value] as const),
    ...(body === null ? [] : [[['service', 'body'], body] as const]),
  ];
}

/** Rules about `service.requests` and `service.values`. */
export const REQUEST_RULES: readonly Rule[] = [
  namesAreDistinct,
  oneHasWeight,
  pathsAreSendable,
  headersAreSendable,
  bodiesFit,
  engineSendsThem,
  allIsUsed,
];
