import { connect } from 'node:net';
import {
  DeregisterInstancesFromLoadBalancerCommand,
  DescribeInstanceHealthCommand,
  DescribeLoadBalancersCommand,
} from '@aws-sdk/client-elastic-load-balancing';
import { afterEach, expect, it } from 'vitest';
import { escapeXml, xmlElement } from '../../../src/lab/api/xml.js';
import { type ApiBench, apiBench } from './api-bench.js';

const NS = 'http://elasticloadbalancing.amazonaws.com/doc/2012-06-01/';
let b: ApiBench | undefined;
afterEach(async () => {
  await b?.close();
  b = undefined;
});

it('answers in the exact form of the Query protocol', async () => {
  b = await apiBench();
  const answer = await b.post('Action=DescribeInstanceHealth&Version=2012-06-01&LoadBalancerName=web');
  const requestId = answer.headers.get('x-amzn-requestid');
  expect(requestId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(answer.headers.get('content-type')).toBe('text/xml');
  expect(answer.status).toBe(200);
  expect(answer.text).toBe(
    `<DescribeInstanceHealthResponse xmlns="${NS}"><DescribeInstanceHealthResult><InstanceStates/></DescribeInstanceHealthResult>` +
      `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></DescribeInstanceHealthResponse>\n`,
  );
  const refused = await b.post('Action=DescribeInstanceHealth&Version=2012-06-01&LoadBalancerName=%3Cx%3E');
  expect(refused.status).toBe(400);
  expect(refused.text).toBe(
    `<ErrorResponse xmlns="${NS}"><Error><Type>Sender</Type><Code>LoadBalancerNotFound</Code>` +
      `<Message>There is no ACTIVE Load Balancer named &apos;&lt;x&gt;&apos;</Message></Error>` +
      `<RequestId>${refused.headers.get('x-amzn-requestid')}</RequestId></ErrorResponse>\n`,
  );
});

it('takes a GET with a query string', async () => {
  b = await apiBench();
  const response = await fetch(`${b.api.endpoint}/?Action=DescribeLoadBalancers&Version=2012-06-01`);
  expect(response.status).toBe(200);
  expect(await response.text()).toContain('<LoadBalancerName>web</LoadBalancerName>');
});

it.each([
  ['', 400, 'MissingAction'],
  ['Action=', 400, 'MissingAction'],
  ['{"json": true}', 400, 'MissingAction'],
  ['Action=Nope&Version=2012-06-01', 400, 'InvalidAction'],
  ['Action=constructor&Version=2012-06-01', 400, 'InvalidAction'],
  ['Action=DescribeLoadBalancers', 400, 'InvalidAction'],
  ['Action=DescribeLoadBalancers&Version=__proto__', 400, 'InvalidAction'],
  ['Action=DescribeTargetHealth&Version=2015-12-01', 400, 'ValidationError'],
  ['Action=DescribeTargetHealth&Version=2015-12-01&TargetGroupArn=x', 400, 'ValidationError'],
  ['Action=DescribeInstanceHealth&Version=2015-12-01', 400, 'InvalidAction'],
  ['Action=DescribeLoadBalancers&Version=2012-06-01&Version=2012-06-01', 400, 'MalformedQueryString'],
  ['Action=DescribeLoadBalancers&Version=2012-06-01&Marker=%zz', 400, 'MalformedQueryString'],
  ['Action=DescribeLoadBalancers&Version=2012-06-01&Marker=%ff%fe', 400, 'MalformedQueryString'],
  ['Action=DescribeInstances&Version=2016-11-15&InstanceId.1=i-none', 400, 'InvalidInstanceID.NotFound'],
  ['Action=DescribeInstanceHealth&Version=2012-06-01', 400, 'ValidationError'],
  ['Action=RegisterInstancesWithLoadBalancer&Version=2012-06-01&LoadBalancerName=web', 400, 'ValidationError'],
  [
    'Action=RegisterInstancesWithLoadBalancer&Version=2012-06-01&LoadBalancerName=web&Instances.member.x.InstanceId=i',
    400,
    'ValidationError',
  ],
  ['Action=DescribeLoadBalancers&Version=2012-06-01&PageSize=1e3', 400, 'ValidationError'],
  [`Action=${'x'.repeat(300_000)}`, 413, 'RequestEntityTooLarge'],
])('refuses %.60s as AWS would', async (body, status, code) => {
  b = await apiBench();
  const answer = await b.post(body);
  expect(answer.status).toBe(status);
  expect(answer.text).toContain(`<Code>${code}</Code>`);
  expect(answer.text).not.toMatch(/\.ts|\.js|node:/);
  expect(b.faults).toEqual([]);
});

it('refuses other methods and bytes that are no HTTP, and goes on', async () => {
  b = await apiBench();
  const put = await b.post('', { method: 'PUT' });
  expect([put.status, put.text.includes('<ErrorResponse')]).toEqual([405, true]);
  const raw = await new Promise<string>((resolve, reject) => {
    const socket = connect(b!.api.port, '127.0.0.1', () => socket.write('\u0001\u0002 not http\r\n\r\n'));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
  expect(raw).toMatch(/^HTTP\/1\.1 400 [\s\S]*<ErrorResponse/);
  await new Promise<void>((resolve) => {
    const socket = connect(b!.api.port, '127.0.0.1', () => {
      socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nAction=');
      setImmediate(() => socket.destroy());
    });
    socket.on('close', () => resolve());
  });
  expect((await b.post('Action=DescribeLoadBalancers&Version=2012-06-01')).status).toBe(200);
});

it('throttles before anything happens, and the SDK tries again', async () => {
  b = await apiBench({ throttleRate: 1 });
  const body =
    'Action=RegisterInstancesWithLoadBalancer&Version=2012-06-01&LoadBalancerName=web&Instances.member.1.InstanceId=i-1';
  const answer = await b.post(body);
  expect(answer.status).toBe(400);
  expect(answer.text).toContain('<Code>Throttling</Code><Message>Rate exceeded</Message>');
  expect(b.balancer.members()).toEqual([]);
  const failure = await b.client.send(new DescribeLoadBalancersCommand({})).catch((cause) => cause);
  expect(failure.name).toBe('Throttling');
  expect(failure.$metadata.attempts).toBe(3);
});

it('loses the answer of a change it made, never that of a look', async () => {
  b = await apiBench({ dropAckRate: 1 });
  b.balancer.register(['i-1', 'i-2'], 'at-once');
  const call = new DeregisterInstancesFromLoadBalancerCommand({
    LoadBalancerName: 'web',
    Instances: [{ InstanceId: 'i-1' }],
  });
  await expect(b.client.send(call)).rejects.toThrow();
  expect(b.balancer.members()).toEqual(['i-2']);
  const health = await b.client.send(new DescribeInstanceHealthCommand({ LoadBalancerName: 'web' }));
  expect(health.InstanceStates).toHaveLength(2);
});

it('escapes everything XML could misread', () => {
  expect(escapeXml('<&>"\'\u0000\u001b\ufffe\n\r')).toBe('&lt;&amp;&gt;&quot;&apos;\ufffd\ufffd\ufffd\n&#xD;');
  expect(xmlElement('A', { B: ['<', 'x'], C: undefined, D: [], E: '' })).toBe(
    '<A><B><member>&lt;</member><member>x</member></B><D/><E></E></A>',
  );
});
