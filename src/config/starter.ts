/**
 * The commented scenario `rollproof init` writes. It loads as it stands; the names in it are the user's to change.
 * Two of everything: a rollout without downtime needs a second server.
 */
export function starterScenario(): string {
  return STARTER;
}

const STARTER = `# A rollproof scenario: one rolling deploy, watched by traffic, with a verdict.
#
#   rollproof plan rollproof.yaml     what would happen, without touching anything
#   rollproof run rollproof.yaml      do it: PASS, FAIL or INCONCLUSIVE
#   rollproof demo                    see it work against a load balancer on this machine
#
# Durations: 60s, 500ms, 1m30s (a bare number is seconds). Rates: 200/s, 12000/m. Ratios: 99.9% or 0.999.
# Any value may hold \${NAME}, \${NAME:-default} or \${NAME:?message} from the environment; $$ is a dollar sign.
# \`extends: other.yaml\` builds on another scenario: maps merge, all else replaces.

name: my-service-staging
description: Rolls my-service over the two staging servers.
environment: staging               # runs of different environments are never pooled

service:
  url: http://staging.example.com/ # asked through the load balancer
  # headers:
  #   authorization: "Bearer \${SERVICE_TOKEN:?needed to ask the service}"
  ok:
    status: [200-399]              # everything else is a failed request
    # bodyContains: '"status":"ok"'
  identity:                        # response headers of the service that say who answered:
    target: X-Target               #   which server, as in targets below
    version: X-Version             #   which version; without it no replacement can be proven
    bootId: X-Boot-Id              #   changes with every start of the process; or off

balancer:
  kind: elb-classic                # or lab: an emulator on this machine
  name: my-load-balancer           # the name, not the DNS name
  autoScaling: none                # or suspended; AWS's ELB API does not tell, and silence is refused
  region: eu-west-1                # credentials come from the usual AWS places

targets:                           # replaced in this order; the first one is the canary
  - id: staging-1
    instance: i-0123456789abcdef0
  - id: staging-2
    instance: i-0fedcba9876543210

rollout:
  strategy: rolling                # detach · wait · deploy · attach · wait, one target after the other
  sleep:
    afterDetach: 60s
    afterAttach: 60s
  wait: sleep                      # or health: ask the load balancer; or both
  minInService: 1                  # others that must be in service before a detach, checked live
  version: v2                      # as the version header will show it
  previousVersion: v1
  deploy:
    # Run once per target. It finds in its environment: ROLLPROOF_TARGET, ROLLPROOF_INSTANCE, ROLLPROOF_VERSION,
    # ROLLPROOF_PREVIOUS_VERSION, ROLLPROOF_STAGE and ROLLPROOF_RUN_ID. Those exist only then: in this file write
    # $\${ROLLPROOF_TARGET} (two dollar signs) if a shell line needs one.
    command: [./deploy.sh]
    shell: false
    timeout: 10m

traffic:
  rate: 200/s                      # sent on time whether or not earlier requests were answered
  lanes:
    new: 1                         # weight of requests on fresh connections
    reuse: 1                       # weight of requests on kept-alive connections
    # h2: 1                        # and of streams on HTTP/2 connections, where the service speaks it (https)
    long: off                      # long requests, in flight at a detach:
    # long: { rate: 5/s, path: "/hold?ms={ms}", minHold: 1s, maxHold: 3s }
  timeout: 10s                     # no whole answer by then is a failure: part of what "down" means
  warmUp: 5s                       # not judged
  baseline: 20s                    # what is normal, before the first detach
  settle: 5s                       # still judged, after the last step

policy:
  mode: strict                     # not one failed request; or budget, or attributed
  slo: 99.9%                       # availability this run must show
  fullOutage: 250ms                # longest outage of everything that may go unseen
  targetOutage: 1s                 # longest outage of one target that may go unseen
`;
