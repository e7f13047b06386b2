import type { Listener } from '../../elb/balancer-record.js';
import type { ListenerProtocol } from '../../elb/node-view-port.js';
import { ApiError, invalidConfiguration, validationError } from '../api-error.js';
import { type QueryParams, requiredText, structuresOf, wholeNumber } from '../query.js';

const SECURE: readonly ListenerProtocol[] = ['HTTPS', 'SSL'];
const WEB: readonly ListenerProtocol[] = ['HTTP', 'HTTPS'];

/**
 * `Listeners.member.N`, checked; none is an empty list.
 * @param spoken what the data plane can speak.
 */
export function listenersOf(
  params: QueryParams,
  name: string,
  spoken: ReadonlySet<ListenerProtocol>,
): readonly Listener[] {
  const listeners = (structuresOf(params, 'Listeners') ?? []).map((each) => listenerOf(each, spoken));
  if (new Set(listeners.map((listener) => listener.LoadBalancerPort)).size < listeners.length) {
    throw duplicateListener(name);
  }
  return listeners;
}

/** Two listeners at one port. */
export function duplicateListener(name: string): ApiError {
  return new ApiError(
    'DuplicateListener',
    `A listener already exists for ${name} with one of the given ports, but with different settings`,
  );
}

function listenerOf(params: QueryParams, spoken: ReadonlySet<ListenerProtocol>): Listener {
  const Protocol = protocolOf(params, 'Protocol');
  const InstanceProtocol = params.has('InstanceProtocol')
    ? protocolOf(params, 'InstanceProtocol')
    : WEB.includes(Protocol)
      ? 'HTTP'
      : 'TCP';
  if (WEB.includes(Protocol) !== WEB.includes(InstanceProtocol)) {
    throw invalidConfiguration(
      `Listener protocol '${Protocol}' and instance protocol '${InstanceProtocol}' must be on the same layer.`,
    );
  }
  const SSLCertificateId = params.get('SSLCertificateId');
  if (SECURE.includes(Protocol) && (SSLCertificateId === undefined || SSLCertificateId === '')) {
    throw validationError('Secure Listeners need to specify a SSLCertificateId');
  }
  const unspoken = [Protocol, InstanceProtocol].find((each) => !spoken.has(each));
  if (unspoken !== undefined) throw invalidConfiguration(`The lab's balancers do not speak ${unspoken}.`);
  return {
    Protocol,
    LoadBalancerPort: portOf(params, 'LoadBalancerPort'),
    InstanceProtocol,
    InstancePort: portOf(params, 'InstancePort'),
    ...(SSLCertificateId !== undefined && SECURE.includes(Protocol) && { SSLCertificateId }),
  };
}

function protocolOf(params: QueryParams, field: string): ListenerProtocol {
  const protocol = requiredText(params, field, `Listeners.member.${field}`).toUpperCase();
  if (protocol === 'HTTP' || protocol === 'HTTPS' || protocol === 'TCP' || protocol === 'SSL') return protocol;
  throw validationError(`Listener protocol '${protocol}' must be one of HTTP, TCP, HTTPS, SSL`);
}

function portOf(params: QueryParams, field: string): number {
  const path = `Listeners.member.${field}`;
  requiredText(params, field, path);
  return wholeNumber(params, field, { min: 1, max: 65_535, path })!;
}
