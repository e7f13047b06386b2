import type { Listener } from '../../elb/balancer-record.js';
import type { ActionTable } from '../action.js';
import { ApiError, constraintError, validationError } from '../api-error.js';
import { requiredText, textsOf, wholeNumber } from '../query.js';
import { duplicateListener, listenersOf } from './listener-params.js';
import { balancerOf } from './lookup.js';

/** Create and DeleteLoadBalancerListeners, SetLoadBalancerListenerSSLCertificate. */
export const CLASSIC_LISTENER_ACTIONS: ActionTable = {
  CreateLoadBalancerListeners: {
    changes: true,
    run: async (params, account) => {
      const balancer = balancerOf(params, account);
      const listeners = listenersOf(params, balancer.identity.name, account.options.protocols);
      if (listeners.length === 0) throw constraintError(null, 'listeners', 'not be null');
      const wanted: Listener[] = [];
      for (const listener of listeners) {
        const present = balancer.listenerAt(listener.LoadBalancerPort);
        if (present === undefined) wanted.push(listener);
        // The same listener again is no error, as on AWS.
        else if (present === 'starting' || !isSame(present, listener)) throw duplicateListener(balancer.identity.name);
      }
      for (const listener of wanted) await balancer.addListener(listener);
      return {};
    },
  },
  DeleteLoadBalancerListeners: {
    changes: true,
    run: async (params, account) => {
      const balancer = balancerOf(params, account);
      const given = textsOf(params, 'LoadBalancerPorts');
      if (given === undefined || given.length === 0) throw constraintError(null, 'loadBalancerPorts', 'not be null');
      const ports = given.map((port) => {
        if (!/^\d{1,5}$/.test(port)) throw constraintError(port, 'loadBalancerPorts', 'be a whole number');
        return Number(port);
      });
      // One that is not there is no error.
      for (const port of new Set(ports)) await balancer.removeListener(port);
      return {};
    },
  },
  SetLoadBalancerListenerSSLCertificate: {
    changes: true,
    run: (params, account) => {
      const balancer = balancerOf(params, account);
      requiredText(params, 'LoadBalancerPort');
      const port = wholeNumber(params, 'LoadBalancerPort', { min: 1, max: 65_535 })!;
      const certificate = requiredText(params, 'SSLCertificateId');
      const listener = balancer.listenerAt(port);
      if (listener === undefined || listener === 'starting') throw listenerNotFound(balancer.identity.name, port);
      if (listener.Protocol !== 'HTTPS' && listener.Protocol !== 'SSL') {
        throw validationError(`The listener at port ${port} is not a secure listener`);
      }
      balancer.setCertificate(port, certificate);
      return {};
    },
  },
};

/** No listener at that port. */
export function listenerNotFound(name: string, port: number): ApiError {
  return new ApiError('ListenerNotFound', `There is no listener for load balancer ${name} at port ${port}`);
}

function isSame(a: Listener, b: Listener): boolean {
  return (
    a.Protocol === b.Protocol &&
    a.InstanceProtocol === b.InstanceProtocol &&
    a.InstancePort === b.InstancePort &&
    a.SSLCertificateId === b.SSLCertificateId
  );
}
