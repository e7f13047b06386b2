// What `aws elb …-load-balancer` does, with the SDK that is here: elb.mjs detach|attach BALANCER INSTANCE.
import {
  DeregisterInstancesFromLoadBalancerCommand,
  ElasticLoadBalancingClient,
  RegisterInstancesWithLoadBalancerCommand,
} from '@aws-sdk/client-elastic-load-balancing';

const [what, LoadBalancerName, InstanceId] = process.argv.slice(2);
const input = { LoadBalancerName, Instances: [{ InstanceId }] };
await new ElasticLoadBalancingClient({}).send(
  what === 'detach'
    ? new DeregisterInstancesFromLoadBalancerCommand(input)
    : new RegisterInstancesWithLoadBalancerCommand(input),
);
