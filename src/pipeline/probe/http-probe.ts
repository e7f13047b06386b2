import { readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { ProbeAnswer, TargetProbe } from '../../domain/ports.js';
import type { Service, Traffic } from '../../domain/scenario.js';
import type { Target } from '../../domain/target.js';

const TIMEOUT_MS = 5_000;
const BODY_MAX = 1_000_000;

/**
 * Asks a target at its own `url`, one connection per question, with the service's headers and under the service's name
 * (Host, TLS server name): the application must see what it sees through the balancer. Good is what `service.ok` says.
 */
export function httpProbe(service: Service, tls: Traffic['tls']): TargetProbe {
  return {
    async ask(target, signal) {
      const url = addressOf(target);
      return url === null ? null : ask(url, service, tls, signal);
    },
  };
}

/** Where a target is asked directly; null = not known. */
export function addressOf(target: Target): URL | null {
  const url = target.url ?? null;
  return url === null ? null : new URL(url);
}

function ask(url: URL, service: Service, tls: Traffic['tls'], signal: AbortSignal): Promise<ProbeAnswer> {
  return new Promise((resolve) => {
    const failed = (said: string) => resolve({ ok: false, version: null, said });
    try {
      const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
        agent: false,
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
        headers: { ...service.headers, host: new URL(service.url).host, connection: 'close' },
        ...tlsOptions(url, service, tls),
      });
      request.on('error', (error) => failed(reasonOf(error)));
      request.on('response', (response) => {
        answerOf(response, service).then(resolve, (error: unknown) => failed(reasonOf(error)));
      });
      request.end();
    } catch (cause) {
      // A header of the scenario that cannot be sent, a certificate that cannot be read.
      failed(reasonOf(cause));
    }
  });
}

function tlsOptions(url: URL, service: Service, tls: Traffic['tls']) {
  if (url.protocol !== 'https:') return {};
  return {
    servername: tls.serverName ?? new URL(service.url).hostname,
    rejectUnauthorized: !tls.insecure,
    ...(tls.caFile === null ? {} : { ca: readFileSync(tls.caFile, 'utf8') }),
    // Who asks for a certificate at the balancer may ask for it past it, too.
    ...(tls.certFile == null || tls.keyFile == null
      ? {}
      : {
          cert: readFileSync(tls.certFile, 'utf8'),
          key: readFileSync(tls.keyFile, 'utf8'),
          passphrase: tls.keyPassphrase ?? undefined,
        }),
  };
}

async function answerOf(response: IncomingMessage, service: Service): Promise<ProbeAnswer> {
  let body = '';
  response.setEncoding('utf8');
  for await (const chunk of response) if (body.length < BODY_MAX) body += String(chunk);
  const status = response.statusCode ?? 0;
  const header = response.headers[service.identity.version];
  const version = typeof header === 'string' && header !== '' ? header : null;
  const { ok } = service;
  const good = ok.status.some(([from, to]) => status >= from && status <= to);
  const whole = ok.bodyContains === null || body.includes(ok.bodyContains);
  const named = version === null ? 'no version' : `version ${version}`;
  const said = `it answers ${status} with ${named}${good && !whole ? ', without the text that must be in the body' : ''}`;
  return { ok: good && whole, version, said };
}

function reasonOf(cause: unknown): string {
  const error = cause instanceof Error ? cause : new Error(String(cause));
  if (error.name === 'TimeoutError' || error.cause instanceof Error)
    return `it did not answer within ${TIMEOUT_MS / 1000} s`;
  return `it does not answer (${'code' in error ? String(error.code) : error.message})`;
}
