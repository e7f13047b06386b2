import { DescribeLoadBalancersCommand, ElasticLoadBalancingClient } from '@aws-sdk/client-elastic-load-balancing';
import { afterEach, expect, it } from 'vitest';
import { checkSignature } from '../../../src/lab/api/signature.js';
import { type ApiBench, apiBench } from './api-bench.js';

let b: ApiBench | undefined;
afterEach(async () => {
  await b?.close();
  b = undefined;
});

async function codeFor(accessKeyId: string, secretAccessKey: string, systemClockOffset = 0): Promise<string> {
  const client = new ElasticLoadBalancingClient({
    region: 'eu-west-1',
    endpoint: b!.api.endpoint,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
    systemClockOffset,
  });
  const code = await client.send(new DescribeLoadBalancersCommand({ LoadBalancerNames: ['web'] })).then(
    () => 'accepted',
    (cause: { Code: string; $metadata: { httpStatusCode: number } }) =>
      `${cause.$metadata.httpStatusCode} ${cause.Code}`,
  );
  client.destroy();
  return code;
}

it('asks nobody anything by default', async () => {
  b = await apiBench();
  expect(await codeFor('whoever', 'whatever')).toBe('accepted');
});

it('asks for a known key id when told to', async () => {
  b = await apiBench({ accessKeyId: 'AKIDLAB' });
  expect(await codeFor('AKIDLAB', 'whatever')).toBe('accepted');
  expect(await codeFor('AKIDOTHER', 'whatever')).toBe('403 InvalidClientTokenId');
  const unsigned = await b.post('Action=DescribeLoadBalancers&Version=2012-06-01');
  expect(unsigned.status).toBe(403);
  expect(unsigned.text).toContain('<Code>MissingAuthenticationToken</Code>');
  const odd = await b.post('Action=DescribeLoadBalancers&Version=2012-06-01', { headers: { Authorization: 'AWS4 x' } });
  expect([odd.status, odd.text.includes('<Code>IncompleteSignature</Code>')]).toEqual([400, true]);
});

it('checks the signature of AWS’s own SDK when given the secret', async () => {
  b = await apiBench({ accessKeyId: 'AKIDLAB', secretAccessKey: 'the secret' });
  expect(await codeFor('AKIDLAB', 'the secret')).toBe('accepted');
  expect(await codeFor('AKIDLAB', 'another')).toBe('403 SignatureDoesNotMatch');
  expect(await codeFor('AKIDLAB', 'the secret', -600_000)).toBe('403 SignatureDoesNotMatch');
  expect(await codeFor('AKIDLAB', 'the secret', 600_000)).toBe('403 SignatureDoesNotMatch');
});

// The example of AWS's own test suite for Signature Version 4: get-vanilla-query-order-key-case, same key and time.
it('agrees with AWS’s published example and sees every change', () => {
  const request = {
    method: 'GET',
    url: '/?Param2=value2&Param1=value1',
    headers: {
      host: 'example.amazonaws.com',
      'x-amz-date': '20150830T123600Z',
      authorization:
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, ' +
        'Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
    },
    body: '',
  };
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
  const at = new Date(Date.UTC(2015, 7, 30, 12, 40));
  expect(() => checkSignature(request, credentials, at)).not.toThrow();
  expect(() => checkSignature({ ...request, body: 'x' }, credentials, at)).toThrow('does not match the signature');
  expect(() => checkSignature({ ...request, url: '/?Param1=value1' }, credentials, at)).toThrow('does not match');
  expect(() => checkSignature(request, credentials, new Date(at.getTime() + 90_000))).toThrow(
    'Signature expired: 20150830T123600Z is now earlier than 20150830T123630Z (20150830T124130Z - 5 min.)',
  );
});
