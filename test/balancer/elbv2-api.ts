import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { elbv2Balancer } from '../../src/balancer/elbv2.js';
import type { Balancer } from '../../src/domain/ports.js';

const NS = 'http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/';
export const ARN = 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/blue/0123456789abcdef';
export const BALANCER_ARN =
  'arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/shop/0123456789abcdef';

/** An answer: the XML inside `<ActionResult>`, or an error. */
export type Answer = string | { readonly status: number; readonly code: string; readonly message: string };

/** What the API was asked: action and parameters. */
export type Call = Readonly<Record<string, string>>;

export interface Api {
  readonly balancer: Balancer;
  readonly calls: readonly Call[];
  /** The last call of an action. */
  last(action: string): Call | undefined;
  close(): Promise<void>;
}

/** AWS's API on this machine as far as a test needs it: one answer per action, as text or from the request. */
export async function elbv2Api(
  answers: Readonly<Record<string, Answer | ((call: Call) => Answer)>>,
  options: { readonly arn?: string | null; readonly port?: number | null } = {},
): Promise<Api> {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      const call = Object.fromEntries(new URLSearchParams(body));
      calls.push(call);
      const action = call.Action ?? '';
      const given = answers[action] ?? { status: 400, code: 'InvalidAction', message: `${action} was not expected` };
      const answer = typeof given === 'function' ? given(call) : given;
      if (typeof answer === 'string') {
        const xml = `<${action}Response xmlns="${NS}"><${action}Result>${answer}</${action}Result></${action}Response>`;
        response.writeHead(200, { 'content-type': 'text/xml' }).end(xml);
        return;
      }
      const { status, code, message } = answer;
      const error = `<ErrorResponse xmlns="${NS}"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>r</RequestId></ErrorResponse>`;
      response.writeHead(status, { 'content-type': 'text/xml' }).end(error);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const balancer = elbv2Balancer({
    name: 'blue',
    arn: options.arn ?? null,
    port: options.port ?? null,
    region: 'eu-west-1',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    attempts: 1,
  });
  return {
    balancer,
    calls,
    last: (action) => calls.findLast((call) => call.Action === action),
    async close() {
      balancer.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A `TargetGroups` member; `more` overrides fields. */
export function group(more: Readonly<Record<string, string>> = {}): string {
  const fields = {
    TargetGroupArn: ARN,
    TargetGroupName: 'blue',
    Protocol: 'HTTP',
    Port: '8080',
    VpcId: 'vpc-1',
    HealthCheckProtocol: 'HTTP',
    HealthCheckPort: 'traffic-port',
    HealthCheckEnabled: 'true',
    HealthCheckIntervalSeconds: '30',
    HealthCheckTimeoutSeconds: '5',
    HealthyThresholdCount: '5',
    UnhealthyThresholdCount: '2',
    HealthCheckPath: '/health',
    TargetType: 'instance',
    LoadBalancerArns: `<member>${BALANCER_ARN}</member>`,
    ...more,
  };
  return `<member>${Object.entries(fields)
    .map(([key, value]) => `<${key}>${value}</${key}>`)
    .join('')}</member>`;
}

/** The answer of DescribeTargetGroups. */
export const groups = (...members: readonly string[]): string => `<TargetGroups>${members.join('')}</TargetGroups>`;

/** The answer of an Attributes action. */
export function attributes(pairs: Readonly<Record<string, string>>): string {
  const members = Object.entries(pairs).map(
    ([key, value]) => `<member><Key>${key}</Key><Value>${value}</Value></member>`,
  );
  return `<Attributes>${members.join('')}</Attributes>`;
}

/** The answer of DescribeTargetHealth: [id, port, state, reason, description]. */
export function targetHealth(...targets: readonly (readonly [string, number, string, string?, string?])[]): string {
  const members = targets.map(([id, port, state, reason, description]) => {
    const why =
      reason === undefined ? '' : `<Reason>${reason}</Reason><Description>${description ?? 'why'}</Description>`;
    return `<member><Target><Id>${id}</Id><Port>${port}</Port></Target><TargetHealth><State>${state}</State>${why}</TargetHealth></member>`;
  });
  return `<TargetHealthDescriptions>${members.join('')}</TargetHealthDescriptions>`;
}

/** The answer of DescribeLoadBalancers. */
export function balancers(type: 'application' | 'network'): string {
  const zones = ['eu-west-1a', 'eu-west-1b'].map((zone) => `<member><ZoneName>${zone}</ZoneName></member>`).join('');
  return `<LoadBalancers><member><LoadBalancerArn>${BALANCER_ARN}</LoadBalancerArn><DNSName>shop.elb.amazonaws.com</DNSName><LoadBalancerName>shop</LoadBalancerName><Type>${type}</Type><AvailabilityZones>${zones}</AvailabilityZones></member></LoadBalancers>`;
}
