import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ApiHandler } from '../../../src/lab/api/handler.js';
import { API_VERSIONS } from '../../../src/lab/api/versions.js';
import { seededRandom } from '../../../src/lab/random.js';
import { type Bench, bench } from '../fakes.js';
import { NO_FAULTS } from './api-bench.js';

const pairs = Object.entries(API_VERSIONS).flatMap(([version, { actions }]) =>
  Object.keys(actions).map((action) => ({ version, action })),
);
const names = [
  'LoadBalancerName',
  'LoadBalancerArn',
  'TargetGroupArn',
  'ListenerArn',
  'Name',
  'Protocol',
  'Port',
  'Subnets.member.1',
  'Subnets.member.2',
  'Instances.member.1.InstanceId',
  'Instances.member.x.InstanceId',
  'Instances.member.1',
  'Instances.member.',
  'Instances',
  'Targets.member.1.Id',
  'Targets.member.1.Port',
  'Tags.member.1.Key',
  'ResourceArns.member.1',
  'Listeners.member.1.Protocol',
  'Listeners.member.1.LoadBalancerPort',
  'Listeners.member.1.InstancePort',
  'AvailabilityZones.member.1',
  'DefaultActions.member.1.Type',
  'DefaultActions.member.1.TargetGroupArn',
  'DefaultActions.member.1.ForwardConfig.TargetGroups.member.1.TargetGroupArn',
  'HealthCheck.Target',
  'HealthCheck.Interval',
  'Matcher.HttpCode',
  'Attributes.member.1.Key',
  'Attributes.member.1.Value',
  'LoadBalancerAttributes.ConnectionDraining.Enabled',
  'PolicyName',
  'PolicyNames.member.1',
  'Filter.1.Name',
  'InstanceId.1',
  'Marker',
  'PageSize',
  '__proto__',
  'constructor.prototype',
];

it('any request whatever gets an answer in the shape of AWS, and the lab goes on', async () => {
  const below = await bench();
  const faults: unknown[] = [];
  const handler = handlerOver(below, faults);
  const group = await made(
    handler,
    'Action=CreateTargetGroup&Version=2015-12-01&Name=g&Protocol=HTTP&Port=80',
    /<TargetGroupArn>([^<]+)/,
  );
  const lb = await made(
    handler,
    'Action=CreateLoadBalancer&Version=2015-12-01&Name=v2&Subnets.member.1=a&Subnets.member.2=b',
    /<LoadBalancerArn>([^<]+)/,
  );
  const value = fc.oneof(
    fc.constantFrom(
      'web',
      'i-1',
      'true',
      '80',
      '-1',
      '99999999999',
      '1e3',
      'HTTP',
      'HTTP:80/',
      'forward',
      group,
      lb,
      '',
    ),
    fc.string(),
    fc.string({ unit: 'binary' }),
  );
  const fields = fc.array(fc.tuple(fc.oneof(fc.constantFrom(...names), fc.string()), value), { maxLength: 8 });
  const form = fc
    .tuple(fc.constantFrom(...pairs), fields)
    .map(([{ action, version }, more]) =>
      [['Action', action], ['Version', version], ...more].map(([k, v]) => `${encode(k!)}=${encode(v!)}`).join('&'),
    );
  const body = fc.oneof(
    { weight: 4, arbitrary: form },
    fc.string({ unit: 'binary' }),
    fc.constant('too-large' as const),
  );
  const method = fc.constantFrom('POST', 'POST', 'POST', 'GET', 'PUT', '');
  const property = fc.asyncProperty(method, body, async (how, what) => {
    const url = how === 'GET' ? `/?${what}` : '/';
    const outcome = await handler.answer({ method: how, url, headers: {}, body: what }, 'id');
    if (outcome === 'lost') throw new Error('no answer');
    const { status, body: text } = outcome.answer;
    expect(faults).toEqual([]);
    expect([200, 400, 403, 404, 405, 409, 413]).toContain(status);
    expect(text).toMatch(status === 200 ? /^<\w+Response xmlns="/ : /^<(ErrorResponse xmlns="[^"]+"|Response)><Error/);
    expect(text).not.toMatch(/\.ts:|\.js:|node:|at \w+ \(/);
    // What XML 1.0 cannot carry.
    expect(text).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/);
  });
  await fc.assert(property, { numRuns: 1_500 });
  await below.account.close();
});

function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function handlerOver(below: Bench, faults: unknown[]): ApiHandler {
  return new ApiHandler({
    account: below.account,
    faults: NO_FAULTS,
    timers: below.timers,
    wallTime: () => new Date(0),
    random: seededRandom(1),
    onFault: (cause) => faults.push(cause),
  });
}

async function made(handler: ApiHandler, body: string, arn: RegExp): Promise<string> {
  const outcome = await handler.answer({ method: 'POST', url: '/', headers: {}, body }, 'id');
  const found = outcome === 'lost' ? null : arn.exec(outcome.answer.body);
  if (found === null) throw new Error(`not made: ${JSON.stringify(outcome)}`);
  return found[1]!;
}
