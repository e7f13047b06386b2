import { EXIT } from '../domain/errors.js';
/** What the help of one command says beyond its options. */
export interface ManualPage {
  /** Command lines without the leading `rollproof`, each with what it does. */
  readonly examples: readonly (readonly [string, string])[];
  readonly exits: readonly (keyof typeof EXIT)[];
  readonly env?: readonly (keyof typeof VARIABLES)[];
}

/** Environment variables a page may name, each with what it does. */
export const VARIABLES = {
  ROLLPROOF_STATE_DIR: 'where locks, last runs and self-tests are kept (default: $XDG_STATE_HOME/rollproof)',
  ROLLPROOF_K6: 'the k6 to use (default: k6 on PATH)',
  JMETER_HOME: 'folder of the JMeter to use (default: that of jmeter on PATH)',
  ROLLPROOF_HAPROXY: 'the HAProxy to use in the lab (default: haproxy on PATH)',
  AWS_PROFILE: 'and the other AWS_* variables: credentials and region, as for every AWS SDK',
  NO_COLOR: 'no colour; FORCE_COLOR: colour also where there is no terminal',
  ROLLPROOF_DEBUG: 'set: errors are shown with their stack',
  ROLLPROOF_RUN_ID: 'name of the run its steps share; on GoCD GO_PIPELINE_NAME-GO_PIPELINE_COUNTER without',
  ROLLPROOF_PLAN: 'the scenario where none is given; of a folder, the file named after ROLLPROOF_TARGET',
  ROLLPROOF_TARGET: 'environment the scenario must be of; for a deploy command, the target',
  ROLLPROOF_MARK_URL: 'where the run listens for marks; set for the command it runs',
  ROLLPROOF_MARK_FILE: 'file for marks where no run listens; set for the command it runs',
  ROLLPROOF_GRAFANA_TOKEN: 'for --grafana; OTEL_EXPORTER_OTLP_HEADERS for --otlp',
} as const;

/** Of a command that ends with a verdict and may be refused, stopped or lack a tool. */
const RUN_EXITS = Object.keys(EXIT) as (keyof typeof EXIT)[];
const READ_EXITS = ['pass', 'usage', 'internal'] as const;
const RUN_ENV = [
  'ROLLPROOF_STATE_DIR',
  'ROLLPROOF_K6',
  'JMETER_HOME',
  'AWS_PROFILE',
  'ROLLPROOF_GRAFANA_TOKEN',
  'NO_COLOR',
] as const;
const STEP_EXITS = ['pass', 'refused', 'usage', 'unavailable', 'internal', 'interrupted', 'terminated'] as const;
const STEP_ENV = ['ROLLPROOF_RUN_ID', 'ROLLPROOF_STATE_DIR'] as const;
const PLAN_ENV = [...STEP_ENV, 'ROLLPROOF_PLAN', 'ROLLPROOF_TARGET', 'AWS_PROFILE'] as const;
const VERDICT_EXITS = ['pass', 'fail', 'inconclusive', 'usage', 'internal'] as const;

/** By the words that lead to the command; every command has one. */
export const PAGES: Readonly<Record<string, ManualPage>> = {
  demo: {
    examples: [
      ['demo', 'a clean roll in the lab: PASS'],
      ['demo --fault no-drain', 'a roll that drops requests: FAIL'],
    ],
    exits: RUN_EXITS,
    env: ['NO_COLOR'],
  },
  run: {
    examples: [
      ['run scenarios/lab.yaml', 'roll in the lab'],
      ['run production.yaml --yes --quiet', 'in a pipeline: no question, no progress'],
      ['run production.yaml --json | jq .verdict', 'the result for a program'],
    ],
    exits: RUN_EXITS,
    env: RUN_ENV,
  },
  plan: {
    examples: [['plan production.yaml', 'see the steps, and whether the traffic can prove what is asked']],
    exits: ['pass', 'inconclusive', 'usage', 'internal'],
  },
  preflight: {
    examples: [
      ['preflight production.yaml', 'the dry run: Describe calls only'],
      ['preflight production.yaml --run-id shop-7', 'begin a run whose steps are commands of their own'],
    ],
    exits: ['pass', 'inconclusive', ...STEP_EXITS.slice(1)],
    env: PLAN_ENV,
  },
  report: {
    examples: [
      ['report', 'the newest run again'],
      ['report reports/lab/20261122T081503Z', 'one run'],
    ],
    exits: VERDICT_EXITS,
  },
  import: {
    examples: [['import k6.csv --events reports/lab/20261122T081503Z/events.ndjson', 'judge what k6 fired']],
    exits: VERDICT_EXITS,
  },
  'export jmeter': {
    examples: [['export jmeter production.yaml -o plan.jmx', 'the traffic as a test plan']],
    exits: READ_EXITS,
  },
  serve: {
    examples: [['serve reports', 'all runs of the folder, at an address of this machine']],
    exits: ['pass', 'usage', 'internal', 'interrupted'],
  },
  compare: {
    examples: [
      ['compare lab.yaml --sleep 0s,2s,6s --repeat 3', 'the shortest sleep that is safe'],
      ['compare reports/lab/A reports/lab/B', 'two runs side by side'],
    ],
    exits: RUN_EXITS,
    env: RUN_ENV,
  },
  history: { examples: [['history', 'what all runs below ./reports add up to']], exits: READ_EXITS },
  init: { examples: [['init my-service.yaml', 'a commented file to start from']], exits: READ_EXITS },
  schema: { examples: [['schema > rollproof.schema.json', 'for the YAML support of an editor']], exits: READ_EXITS },
  recover: {
    examples: [
      ['recover', 'attach what the newest run left detached'],
      ['recover --run-id shop-7 --kill-running --wait', 'end a run of several processes, for good'],
    ],
    exits: ['pass', 'refused', 'usage', 'unavailable', 'internal'],
    env: ['AWS_PROFILE', ...STEP_ENV],
  },
  doctor: {
    examples: [
      ['doctor', 'everything, with a self-test of every engine that is installed'],
      ['doctor --engine k6', 'k6 only; exit 69 where there is none'],
      ['doctor --no-self-test --json', 'what is installed, for a program'],
    ],
    exits: ['pass', 'usage', 'unavailable', 'internal'],
    env: ['ROLLPROOF_STATE_DIR', 'ROLLPROOF_K6', 'JMETER_HOME', 'AWS_PROFILE'],
  },
  unlock: {
    examples: [['unlock production.yaml', 'who holds the lock']],
    exits: ['pass', 'refused', 'usage', 'unavailable', 'internal'],
    env: ['ROLLPROOF_STATE_DIR', 'AWS_PROFILE'],
  },
  lab: {
    examples: [
      ['lab', 'an ELB of its own on this machine'],
      ['lab --preset aws-clb --port 4567', 'with the delays of AWS, at a known port'],
      ['lab --json --targets a,b,c,d --outside c,d', 'for a blue-green deploy, step by step'],
    ],
    exits: ['pass', 'usage', 'unavailable', 'internal'],
    env: ['ROLLPROOF_HAPROXY'],
  },
  completion: {
    examples: [
      ['completion bash > /etc/bash_completion.d/rollproof', 'bash'],
      ['completion zsh > ~/.zfunc/_rollproof', 'zsh, with ~/.zfunc in fpath'],
      ['completion fish > ~/.config/fish/completions/rollproof.fish', 'fish'],
    ],
    exits: READ_EXITS,
  },
  watch: {
    examples: [
      ['watch production.yaml', 'judge a deploy that somebody else starts when it says so'],
      ['watch production.yaml --until-idle 60s', 'end once nothing has changed for a minute'],
    ],
    exits: RUN_EXITS,
    env: RUN_ENV,
  },
  mark: {
    examples: [
      ['mark detach-requested web-1', 'before the load balancer is asked'],
      ['mark up web-1 --at 2026-11-22T08:15:03.250Z', 'when the application was up again'],
    ],
    exits: ['pass', 'usage', 'unavailable', 'internal'],
    env: ['ROLLPROOF_MARK_URL', 'ROLLPROOF_MARK_FILE', 'ROLLPROOF_TARGET'],
  },
  'traffic start': {
    examples: [['traffic start production.yaml --run-id shop-7 --detach', 'returns when it sends']],
    exits: STEP_EXITS,
    env: [...PLAN_ENV, 'ROLLPROOF_K6', 'JMETER_HOME'],
  },
  'traffic stop': {
    examples: [['traffic stop --run-id shop-7', 'end it without a verdict; verify --stop-traffic does both']],
    exits: ['pass', 'refused', 'usage', 'internal'],
    env: STEP_ENV,
  },
  'traffic worker': {
    examples: [
      ['traffic worker production.yaml --segment 1/3 --start 2026-11-22T08:15:00Z -o w1', 'on the first of 3 machines'],
    ],
    exits: ['pass', 'inconclusive', 'usage', 'internal'],
  },
  stage: {
    examples: [
      ['stage server-1-out production.yaml --run-id shop-7', 'the first stage of a rolling deploy'],
      ['stage blue-out', 'scenario and run from ROLLPROOF_PLAN and ROLLPROOF_RUN_ID'],
    ],
    exits: STEP_EXITS,
    env: PLAN_ENV,
  },
  detach: {
    examples: [['detach server-1 production.yaml --run-id shop-7', 'and the waits behind it']],
    exits: STEP_EXITS,
    env: PLAN_ENV,
  },
  deploy: {
    examples: [['deploy server-1 production.yaml --run-id shop-7', 'rollout.deploy.command for that target']],
    exits: STEP_EXITS,
    env: PLAN_ENV,
  },
  attach: {
    examples: [['attach server-1 production.yaml --run-id shop-7', 'and the waits behind it']],
    exits: STEP_EXITS,
    env: PLAN_ENV,
  },
  verify: {
    examples: [
      ['verify --run-id shop-7 --stop-traffic', 'settle, end the traffic, judge: the exit code is the verdict'],
      ['verify --partial', 'a report in between, or the end of a run in which a step failed'],
    ],
    exits: RUN_EXITS,
    env: [...STEP_ENV, 'AWS_PROFILE'],
  },
  collect: {
    examples: [
      [
        'collect --plan fleet/plan.json --events reports/shop/A/events.ndjson --from-kubectl -n load --clock service',
        'the pods of k6-operator',
      ],
      ['collect w1 w2 w3 --events events.ndjson --clock-error 20ms', 'traffic workers of three machines'],
    ],
    exits: [...VERDICT_EXITS, 'unavailable'],
    env: ['ROLLPROOF_GRAFANA_TOKEN'],
  },
  'export gocd': {
    examples: [
      ['export gocd staging.yaml production.yaml --name shop --git URL -o shop.gocd.yaml', 'a stage per job'],
      ['export gocd production.yaml --simple', 'rollproof run in one job'],
    ],
    exits: READ_EXITS,
  },
  'export github': {
    examples: [['export github staging.yaml production.yaml -o .github/workflows/roll.yml', 'a job per environment']],
    exits: READ_EXITS,
  },
  'export gitlab': {
    examples: [['export gitlab staging.yaml production.yaml -o .gitlab-ci.yml', 'a job per environment']],
    exits: READ_EXITS,
  },
  'export jenkins': {
    examples: [['export jenkins staging.yaml production.yaml -o Jenkinsfile', 'a stage per environment']],
    exits: READ_EXITS,
  },
  'export k6-operator': {
    examples: [['export k6-operator production.yaml -o fleet --parallelism 4 --duration 15m', 'then kubectl apply -f']],
    exits: READ_EXITS,
  },
  'lab deploy': {
    examples: [['lab deploy', 'as rollout.deploy.command of a scenario whose balancer is the lab']],
    exits: ['pass', 'fail', 'usage'],
    env: ['ROLLPROOF_TARGET', 'ROLLPROOF_MARK_FILE'],
  },
};
