import { RollproofError } from '../../domain/errors.js';
import type { Workload } from '../../domain/ports.js';
import type { Lane } from '../../domain/sample.js';
import { inFlightCap } from '../arrivals.js';
import { givenAddresses } from '../embedded/address-book.js';
import { serviceUrl } from '../embedded/request.js';
import { DEFAULT_SECONDS, timerScript } from './timer-script.js';

/** Names of the variables a row of our plan carries beside JMeter's columns (sample_variables). */
export const SAMPLE_VARIABLES = ['rp', 'target', 'version', 'bootId', 'server'] as const;

interface PlanLane {
  readonly name: Lane;
  readonly ratePerSecond: number;
  readonly threads: number;
  readonly path: string;
  readonly isKept: boolean;
  readonly holdMs: readonly [number, number] | null;
}

export type PlanInput = Pick<Workload, 'service' | 'traffic' | 'runId'> & {
  /** It ends by itself then; without, property `duration` says so in seconds. */
  readonly maxDurationMs?: number;
};

/** JMeter is started this long before the first arrival, and goes on while the last ones end. */
const PLAN_SLACK_MS = 300_000;

/**
 * The scenario's traffic as a JMeter 5 test plan: one thread group per lane, a place for each request a hanging service
 * can keep, and a timer that gives every thread the lane's next arrival (timer-script.ts). Complete in itself:
 * `jmeter -n -t plan.jmx -l out.jtl` fires it; the properties it should be run with are in jmeter-command.ts.
 * @throws RollproofError SCENARIO_INVALID for what JMeter would do in another way than asked.
 */
export function jmxPlan(input: PlanInput): string {
  refuseWhatJmeterCannot(input);
  const groups = lanesOf(input).map((lane) => threadGroup(input, lane));
  return `<?xml version="1.0" encoding="UTF-8"?>
<jmeterTestPlan version="1.2" properties="5.0" jmeter="5.6.3">
<hashTree>
<TestPlan guiclass="TestPlanGui" testclass="TestPlan" testname="rollproof">
${bool('TestPlan.functional_mode', false)}${bool('TestPlan.serialize_threadgroups', false)}
<elementProp name="TestPlan.user_defined_variables" elementType="Arguments"><collectionProp name="Arguments.arguments"/></elementProp>
</TestPlan>
<hashTree>
${groups.join('\n')}
</hashTree>
</hashTree>
</jmeterTestPlan>
`;
}

/** Rates and threads per lane; arrivals of each lane are jittered on their own grid. */
export function lanesOf({ service, traffic }: PlanInput): readonly PlanLane[] {
  const { newWeight, reuseWeight, long } = traffic.lanes;
  const url = serviceUrl(service.url);
  const path = url.pathname + url.search;
  const total = traffic.ratePerSecond + (long?.ratePerSecond ?? 0);
  const threads = (rate: number) =>
    traffic.maxInFlight === null
      ? Math.ceil((rate * (traffic.timeoutMs + 500)) / 1000) + 10
      : Math.max(1, Math.ceil((inFlightCap(traffic) * rate) / total));
  const lane = (name: 'new' | 'reuse', weight: number): PlanLane[] => {
    const ratePerSecond = (traffic.ratePerSecond * weight) / Math.max(newWeight + reuseWeight, 1e-9);
    return weight === 0
      ? []
      : [{ name, ratePerSecond, threads: threads(ratePerSecond), path, isKept: name === 'reuse', holdMs: null }];
  };
  const held: PlanLane[] =
    long === null
      ? []
      : [
          {
            name: 'long',
            ratePerSecond: long.ratePerSecond,
            threads: threads(long.ratePerSecond),
            path: long.path.replace('{ms}', '${hold}'),
            isKept: false,
            holdMs: [long.minHoldMs, long.maxHoldMs],
          },
        ];
  return [...lane('new', newWeight), ...lane('reuse', reuseWeight), ...held];
}

function threadGroup(input: PlanInput, lane: PlanLane): string {
  const { service, traffic } = input;
  const url = serviceUrl(service.url);
  const headers: Record<string, string> = {
    ...service.headers,
    'X-Rollproof-Run': input.runId,
    'X-Rollproof-Seq': '${seq}',
  };
  const addresses = givenAddresses(url, traffic.resolve);
  if (addresses.length > 0 && !Object.keys(headers).some((h) => h.toLowerCase() === 'host')) headers.Host = url.host;
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  const places = addresses.length === 0 ? [{ ip: url.hostname, port }] : addresses;
  const { identity, ok } = service;
  return `<ThreadGroup guiclass="ThreadGroupGui" testclass="ThreadGroup" testname="${lane.name}">
${int('ThreadGroup.num_threads', lane.threads)}${int('ThreadGroup.ramp_time', 0)}${bool('ThreadGroup.same_user_on_next_iteration', true)}${text('ThreadGroup.on_sample_error', 'continue')}${bool('ThreadGroup.scheduler', true)}${text('ThreadGroup.duration', durationOf(input))}
<elementProp name="ThreadGroup.main_controller" elementType="LoopController">${bool('LoopController.continue_forever', false)}${int('LoopController.loops', -1)}</elementProp>
</ThreadGroup>
<hashTree>
<HTTPSamplerProxy guiclass="HttpTestSampleGui" testclass="HTTPSamplerProxy" testname="${lane.name}">
${text('HTTPSampler.implementation', 'HttpClient4')}${text('HTTPSampler.protocol', url.protocol.slice(0, -1))}${text('HTTPSampler.domain', '${host}')}${text('HTTPSampler.port', '${port}')}${text('HTTPSampler.path', lane.path)}${text('HTTPSampler.method', service.method)}
${bool('HTTPSampler.follow_redirects', false)}${bool('HTTPSampler.auto_redirects', false)}${bool('HTTPSampler.use_keepalive', lane.isKept)}${bool('HTTPSampler.postBodyRaw', service.body !== null)}
${text('HTTPSampler.connect_timeout', String(traffic.timeoutMs))}${text('HTTPSampler.response_timeout', String(traffic.timeoutMs))}
${bodyElement(service.body)}
</HTTPSamplerProxy>
<hashTree>
${timer(timerScript({ ...lane, places, sequence: ['new', 'reuse', 'long'].indexOf(lane.name) }, secondsOf(input)))}
<HeaderManager guiclass="HeaderPanel" testclass="HeaderManager" testname="headers"><collectionProp name="HeaderManager.headers">
${Object.entries(headers)
  .map(
    ([name, value]) =>
      `<elementProp name="" elementType="Header">${text('Header.name', name)}${text('Header.value', value)}</elementProp>`,
  )
  .join('\n')}
</collectionProp></HeaderManager><hashTree/>
${header('target', identity.target)}
${header('version', identity.version)}
${identity.bootId === null ? '' : header('bootId', identity.bootId)}
${header('server', 'Server')}
${ok.bodyContains === null ? '' : assertion(ok.bodyContains)}
</hashTree>
</hashTree>`;
}

/** A plan that nobody stops must end: after so many seconds, or null for as long as property `duration` says. */
function secondsOf({ maxDurationMs }: PlanInput): number | null {
  return maxDurationMs === undefined ? null : Math.ceil((maxDurationMs + PLAN_SLACK_MS) / 1000);
}

/** The same as JMeter reads it. */
function durationOf(input: PlanInput): string {
  return String(secondsOf(input) ?? `\${__P(duration,${DEFAULT_SECONDS})}`);
}

function bodyElement(body: string | null): string {
  const argument =
    body === null
      ? ''
      : `<elementProp name="" elementType="HTTPArgument">${bool('HTTPArgument.always_encode', false)}${text('Argument.value', body)}${text('Argument.metadata', '=')}</elementProp>`;
  return `<elementProp name="HTTPsampler.Arguments" elementType="Arguments"><collectionProp name="Arguments.arguments">${argument}</collectionProp></elementProp>`;
}

function timer(script: string): string {
  return `<JSR223Timer guiclass="TestBeanGUI" testclass="JSR223Timer" testname="arrivals">${text('scriptLanguage', 'groovy')}${text('parameters', '')}${text('filename', '')}${text('cacheKey', 'true')}${text('script', script)}</JSR223Timer><hashTree/>`;
}

function header(variable: string, name: string): string {
  const pattern = `(?im)^${name.replace(/[^A-Za-z0-9]/g, '\\$&')}:[ \\t]*([^\\r\\n]*)`;
  return `<RegexExtractor guiclass="RegexExtractorGui" testclass="RegexExtractor" testname="${variable}">${text('RegexExtractor.useHeaders', 'true')}${text('RegexExtractor.refname', variable)}${text('RegexExtractor.regex', pattern)}${text('RegexExtractor.template', '$1$')}${text('RegexExtractor.default', '-')}${text('RegexExtractor.match_number', '1')}</RegexExtractor><hashTree/>`;
}

function assertion(words: string): string {
  return `<ResponseAssertion guiclass="AssertionGui" testclass="ResponseAssertion" testname="body"><collectionProp name="Asserion.test_strings">${text('1', words)}</collectionProp>${text('Assertion.test_field', 'Assertion.response_data')}${bool('Assertion.assume_success', true)}${int('Assertion.test_type', 16)}</ResponseAssertion><hashTree/>`;
}

function text(name: string, value: string): string {
  return `<stringProp name="${name}">${xml(value)}</stringProp>`;
}
function bool(name: string, value: boolean): string {
  return `<boolProp name="${name}">${value}</boolProp>`;
}
function int(name: string, value: number): string {
  return `<intProp name="${name}">${value}</intProp>`;
}

/** Text inside an element: control characters XML cannot hold are left out. */
function xml(value: string): string {
  return value
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#13;');
}

function refuseWhatJmeterCannot({ service, traffic }: PlanInput): void {
  const url = serviceUrl(service.url);
  const refuse = (message: string, hint: string): never => {
    throw new RollproofError('SCENARIO_INVALID', `traffic.engine jmeter: ${message}`, { hint });
  };
  const embedded = 'use traffic.engine: embedded';
  if (url.protocol === 'https:' && givenAddresses(url, traffic.resolve).length > 0)
    refuse('cannot combine traffic.resolve with https', `${embedded}, or let DNS name the addresses`);
  if (traffic.tls.caFile !== null || traffic.tls.serverName !== null)
    refuse('trusts every certificate: traffic.tls.ca and serverName cannot be kept', embedded);
  if (url.protocol === 'https:' && !traffic.tls.insecure)
    refuse('trusts every certificate', `say so with traffic.tls.insecure: true, or ${embedded}`);
  if ((service.requests ?? []).length > 0 || service.values != null)
    refuse('sends one request, not service.requests', 'use traffic.engine: embedded');
  if (traffic.tls.certFile != null) refuse('does not show a client certificate', 'use traffic.engine: embedded');
  if ((traffic.lanes.h2Weight ?? 0) > 0) refuse('does not run lane h2', 'use traffic.engine: embedded');
  if (traffic.injectStall !== null) refuse('cannot inject a stall', 'traffic.injectStall needs the embedded engine');
  const texts = [
    service.url,
    service.method,
    service.body ?? '',
    ...Object.entries(service.headers).flat(),
    traffic.lanes.long?.path ?? '',
  ];
  if (texts.some((part) => part.includes('${')))
    refuse('would take a $ with a brace in the request for a variable of its own', embedded);
}
