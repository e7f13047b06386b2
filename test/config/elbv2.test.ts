import { describe, expect, it } from 'vitest';
import { redactScenario } from '../../src/config/redaction.js';
import { type Bad, itRefuses } from './bad.js';
import { load, variant } from './memory-io.js';

const ARN = 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/my-targets/0123456789abcdef';
const block = (...lines: readonly string[]) =>
  ['  kind: elbv2', ...lines, 'environment: staging'].join('\n  ').replace('  environment', 'environment');
const written = (...lines: readonly string[]) => variant({ 5: block(...lines) });

describe('an ELBv2 target group', () => {
  it('by name', () => {
    const { scenario } = load(written('targetGroup: my-targets', 'region: eu-west-1'));
    expect(scenario.balancer).toEqual({
      kind: 'elbv2',
      name: 'my-targets',
      arn: null,
      port: null,
      region: 'eu-west-1',
      endpoint: null,
      autoScaling: null,
      lockTag: false,
    });
  });

  it('by ARN is the same one: locks and history go by its name', () => {
    const { scenario } = load(written(`targetGroup: ${ARN}`, 'region: eu-west-1', 'port: 9000'));
    expect(scenario.balancer).toMatchObject({ name: 'my-targets', arn: ARN, port: 9000 });
  });

  it('keeps the password of an endpoint out of the record', () => {
    const { scenario } = load(written('targetGroup: my-targets', 'region: eu-west-1'));
    const balancer = { ...scenario.balancer, endpoint: 'http://me:hunter2@127.0.0.1:9' } as typeof scenario.balancer;
    expect(JSON.stringify(redactScenario({ ...scenario, balancer }).balancer)).not.toContain('hunter2');
  });

  it('takes addresses for targets without a warning, and warns of other names', () => {
    const text = written('targetGroup: my-targets', 'region: eu-west-1');
    const warned = (instance: string) =>
      load(text.replace(/instance: [^ }]+/, `instance: "${instance}"`)).warnings.filter((w) =>
        w.message.includes(instance),
      );
    expect(warned('10.0.0.1')).toEqual([]);
    expect(warned('my-server')).toHaveLength(1);
  });
});

const BAD: readonly Bad[] = [
  {
    what: 'an ARN of a load balancer',
    text: written(`targetGroup: ${ARN.replace('targetgroup/', 'loadbalancer/app/')}`, 'region: eu-west-1'),
    at: [6, 16],
    path: 'balancer.targetGroup',
    message: /is not the name or ARN of a target group/,
    hint: /not the load balancer/,
  },
  {
    what: 'a region that is not the ARN’s',
    text: written(`targetGroup: ${ARN}`, 'region: us-east-1'),
    at: [7, 11],
    path: 'balancer.region',
    message: /"us-east-1" is not the region of the target group, which is in "eu-west-1"/,
    hint: /write region: eu-west-1/,
  },
  {
    what: 'a port that is none',
    text: written('targetGroup: my-targets', 'region: eu-west-1', 'port: 70000'),
    at: [8, 9],
    path: 'balancer.port',
    message: /65535/,
    hint: /./,
  },
  {
    what: 'no target group',
    text: written('name: my-targets', 'region: eu-west-1'),
    at: [4, 1],
    path: 'balancer.targetGroup',
    message: /missing|required/i,
    hint: /./,
    problems: 2,
  },
];
describe('an ELBv2 block that cannot be', () => itRefuses(BAD));
