import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { classicBalancer } from '../../src/balancer/elb-classic.js';
import type { Balancer } from '../../src/domain/ports.js';

const open: { server: Server; balancer: Balancer }[] = [];
afterEach(() => {
  for (const { server, balancer } of open.splice(0)) {
    balancer.close();
    server.close();
  }
});

/** An API that answers everything with one error (elb-and-engine.md A1). */
async function refusing(status: number, code: string, message: string): Promise<Balancer> {
  const body = `<ErrorResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2012-06-01/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>r</RequestId></ErrorResponse>`;
  const server = createServer((_request, response) => {
    response.writeHead(status, { 'content-type': 'text/xml' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };
  const balancer = classicBalancer({ name: 'lb', region: 'us-east-1', endpoint, credentials });
  open.push({ server, balancer });
  return balancer;
}

describe('what the API says against a call', () => {
  it.each([
    [400, 'Throttling', 'Rate exceeded', 'BALANCER_UNREACHABLE', /too busy: Throttling/, /again in a moment/],
    [503, 'ServiceUnavailable', 'later', 'BALANCER_UNREACHABLE', /too busy/, /again in a moment/],
    [403, 'InvalidClientTokenId', 'bad token', 'BALANCER_REFUSED', /InvalidClientTokenId: bad token/, /log in again/],
    [403, 'AccessDenied', 'no', 'BALANCER_REFUSED', /AccessDenied: no/, /elasticloadbalancing:Describe/],
    [
      400,
      'LoadBalancerNotFound',
      "no 'lb'",
      'BALANCER_REFUSED',
      /LoadBalancerNotFound/,
      /balancer\.region \(us-east-1/,
    ],
    [400, 'InvalidInstance', 'no', 'BALANCER_REFUSED', /InvalidInstance/, /targets\[\]\.instance/],
  ] as const)(
    '%i %s says what to do about it',
    async (status, code, text, expected, message, hint) => {
      const balancer = await refusing(status, code, text);
      await expect(balancer.attach({ id: 'a', instance: 'i-1' }, new AbortController().signal)).rejects.toMatchObject({
        code: expected,
        message: expect.stringMatching(message),
        hint: expect.stringMatching(hint),
      });
    },
    20_000,
  );
});
