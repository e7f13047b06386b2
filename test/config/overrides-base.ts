export { memoryIo } from './memory-io.js';

/** A scenario that is whole, for what is laid over it. */
export const BASE = `
name: base
environment: test
service: { url: http://lb.test/ , identity: { target: X-Target, version: X-Version, bootId: X-Boot-Id } }
balancer: { kind: elb-classic, name: lb, region: us-east-1 }
targets:
  - { id: a, instance: i-1 }
  - { id: b, instance: i-2 }
rollout:
  sleep: { afterDetach: 60s, afterAttach: 60s }
  version: v2
  previousVersion: v1
  deploy: { command: [./deploy.sh], timeout: 5m }
traffic:
  rate: 200/s
`;
