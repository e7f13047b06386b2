import type { BalancerConfig, DeployConfig, Scenario, Service } from '../domain/scenario.js';

/** What stands in for a secret in every file and message. */
export const REDACTED = '[redacted]';

const SECRET_HEADER = /auth|cookie|token|secret|passw|credential|api-?key|access-?key|signature|session/i;
const SECRET_NAME = /token|secret|passw|pwd|key|credential|auth|signature|session/i;

/**
 * The same scenario without what should not be written to disk: values of headers, environment variables, query
 * parameters and command-line options whose names speak of secrets, and passwords in URLs. Names stay, so that a
 * report still shows what was set. A secret under an innocent name cannot be recognised.
 */
export function redactScenario(scenario: Scenario): Scenario {
  const { service, rollout, traffic } = scenario;
  const { long } = traffic.lanes;
  return {
    ...scenario,
    service: redactService(service),
    balancer: redactBalancer(scenario.balancer),
    rollout: { ...rollout, deploy: redactDeploy(rollout.deploy) },
    traffic: {
      ...traffic,
      lanes: { ...traffic.lanes, long: long === null ? null : { ...long, path: withoutSecrets(long.path) } },
      tls: traffic.tls.keyPassphrase == null ? traffic.tls : { ...traffic.tls, keyPassphrase: REDACTED },
    },
  };
}

/** What was read from files (bodies, values) stays in those files: who keeps a text in one may have reasons. */
function redactService(service: Service): Service {
  const { requests, values } = service;
  const redacted = {
    ...service,
    url: withoutSecrets(service.url),
    headers: redactValues(service.headers, SECRET_HEADER),
    body: bodyOf(service),
  };
  if (requests === undefined) return redacted;
  return {
    ...redacted,
    requests: requests.map((request) => ({
      ...request,
      path: request.path === null ? null : withoutSecrets(request.path),
      headers: redactValues(request.headers, SECRET_HEADER),
      body: bodyOf(request),
    })),
    values: values == null ? null : { ...values, rows: [] },
  };
}

function bodyOf({ body, bodyFile }: Pick<Service, 'body' | 'bodyFile'>): string | null {
  return body !== null && bodyFile != null ? REDACTED : body;
}

function redactBalancer(balancer: BalancerConfig): BalancerConfig {
  if (!('endpoint' in balancer) || balancer.endpoint === null) return balancer;
  return { ...balancer, endpoint: withoutSecrets(balancer.endpoint) };
}

function redactDeploy(deploy: DeployConfig): DeployConfig {
  if (deploy.kind === 'none') return deploy;
  const [first, ...rest] = deploy.command;
  let before = '';
  const words = rest.map((word) => {
    // `--password hunter2`: the option before names what this word is.
    const isValue =
      /^--?[A-Za-z]/.test(before) && !before.includes('=') && SECRET_NAME.test(before) && !word.startsWith('-');
    before = word;
    return isValue ? REDACTED : redactWord(word);
  });
  return { ...deploy, command: [redactWord(first), ...words], env: redactValues(deploy.env, SECRET_NAME) };
}

/** `NAME=value`, `--name=value`, `--name value` (in a line of shell), headers and URLs inside one word. */
function redactWord(word: string): string {
  return withoutSecrets(word)
    .replace(/([A-Za-z0-9_-]*)=("[^"]*"|'[^']*'|[^\s&;|]+)/g, (all: string, name: string) =>
      SECRET_NAME.test(name) ? `${name}=${REDACTED}` : all,
    )
    .replace(/(--[A-Za-z][A-Za-z0-9-]*)(\s+)("[^"]*"|'[^']*'|[^\s-]\S*)/g, (all: string, name: string, gap: string) =>
      SECRET_NAME.test(name) ? `${name}${gap}${REDACTED}` : all,
    )
    .replace(
      /\b((?:proxy-)?authorization|cookie|x-[a-z-]*(?:key|token|auth))(\s*:\s*)[^'"]+/gi,
      (_, name: string, colon: string) => `${name}${colon}${REDACTED}`,
    );
}

function redactValues(values: Readonly<Record<string, string>>, secret: RegExp): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, secret.test(name) ? REDACTED : withoutSecrets(value)]),
  );
}

/** Passwords before the host and secret-looking query parameters of every URL in the text. */
function withoutSecrets(text: string): string {
  return text
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/@?#]+@/gi, `$1${REDACTED}@`)
    .replace(/([?&])([^=&#\s]+)=([^&#\s]*)/g, (all: string, mark: string, name: string) =>
      SECRET_NAME.test(name) ? `${mark}${name}=${REDACTED}` : all,
    );
}
