import type { Account } from '../../elb/account.js';
import type { ListenerProtocol } from '../../elb/node-view-port.js';
import type { TargetGroup } from '../../elb/v2/target-group.js';
import type { V2Balancer, V2Listener } from '../../elb/v2/v2-balancer.js';
import type { ActionTable } from '../action.js';
import { ApiError, constraintError, invalidConfiguration, validationError } from '../api-error.js';
import { pageOf } from '../paging.js';
import { type QueryParams, requiredText, structureOf, structuresOf, textsOf, wholeNumber } from '../query.js';
import type { XmlFields } from '../xml.js';
import { balancerByArn, balancerOf, groupByArn, listenerByArn } from './lookup.js';
import { setTags } from './tags.js';

const DEFAULT_SSL_POLICY = 'ELBSecurityPolicy-2016-08';

/** Listeners, and the one rule each of them has. */
export const V2_LISTENER_ACTIONS: ActionTable = {
  DescribeListeners: { changes: false, run: describe },
  CreateListener: { changes: true, run: create },
  ModifyListener: { changes: true, run: modify },
  DeleteListener: {
    changes: true,
    run: async (params, account) => {
      await account.v2.deleteListener(listenerByArn(requiredText(params, 'ListenerArn'), account));
      return {};
    },
  },
  DescribeListenerCertificates: {
    changes: false,
    run: (params, account) => {
      const { certificateArn } = listenerByArn(requiredText(params, 'ListenerArn'), account);
      return {
        Certificates: certificateArn === null ? [] : [{ CertificateArn: certificateArn, IsDefault: true }],
      };
    },
  },
  DescribeListenerAttributes: {
    changes: false,
    run: (params, account) => {
      const { balancer } = listenerByArn(requiredText(params, 'ListenerArn'), account);
      const network = balancer.identity.type === 'network';
      return { Attributes: network ? [{ Key: 'tcp.idle_timeout.seconds', Value: '350' }] : [] };
    },
  },
  DescribeRules: {
    changes: false,
    run: (params, account) => {
      const arns = textsOf(params, 'RuleArns') ?? [];
      const listenerArn = params.get('ListenerArn');
      if (arns.length === 0 && listenerArn === undefined) {
        throw validationError('You must specify either listener ARN or rule ARNs');
      }
      const byRule = arns.map((arn) => {
        const listener = account.v2.listeners.find(({ ruleArn }) => ruleArn === arn);
        if (listener === undefined) throw new ApiError('RuleNotFound', 'One or more rules not found');
        return listener;
      });
      const wanted = listenerArn === undefined ? byRule : [listenerByArn(listenerArn, account)];
      const { page, next } = pageOf(params, wanted, (listener) => listener.sequence);
      return { Rules: page.map(ruleXml), NextMarker: next };
    },
  },
};

function describe(params: QueryParams, account: Account): XmlFields {
  const arns = textsOf(params, 'ListenerArns') ?? [];
  const balancerArn = params.get('LoadBalancerArn');
  if (arns.length === 0 && balancerArn === undefined) {
    throw validationError('You must specify either listener ARNs or a load balancer ARN');
  }
  const wanted =
    arns.length > 0
      ? [...new Set(arns)].map((arn) => listenerByArn(arn, account))
      : [...balancerByArn(balancerArn!, account).listeners.values()];
  const { page, next } = pageOf(params, wanted, (listener) => listener.sequence);
  return { Listeners: page.map(listenerXml), NextMarker: next };
}

async function create(params: QueryParams, account: Account): Promise<XmlFields> {
  const balancer = balancerOf(params, account);
  const protocol = protocolOf(params.get('Protocol'), balancer, account);
  if (protocol === null) throw validationError('A listener protocol must be specified');
  const port = portOf(params);
  if (port === undefined) throw validationError('A listener port must be specified');
  checkPort(balancer, port, null);
  const group = actionGroupOf(params, account);
  if (group === null) throw constraintError(null, 'defaultActions', 'not be null');
  checkGroup(group, balancer, account);
  const secure = isSecure(protocol);
  const certificateArn = certificateOf(params);
  if (secure && certificateArn === null) {
    throw new ApiError('CertificateNotFound', `A certificate must be specified for ${protocol} listeners`);
  }
  const tags = new Map<string, string>();
  setTags(params, tags);
  const listener = await account.v2.createListener(balancer, {
    protocol,
    port,
    group,
    certificateArn: secure ? certificateArn : null,
    sslPolicy: secure ? (params.get('SslPolicy') ?? DEFAULT_SSL_POLICY) : null,
  });
  if (listener === null)
    throw new ApiError('LoadBalancerNotFound', `Load balancer '${balancer.identity.arn}' not found`);
  for (const [key, value] of tags) listener.tags.set(key, value);
  return { Listeners: [listenerXml(listener)] };
}

/** Where it forwards to, and the record of its certificate; another port or protocol would be another listener. */
function modify(params: QueryParams, account: Account): XmlFields {
  const listener = listenerByArn(requiredText(params, 'ListenerArn'), account);
  const protocol = protocolOf(params.get('Protocol'), listener.balancer, account) ?? listener.protocol;
  const port = portOf(params) ?? listener.port;
  checkPort(listener.balancer, port, listener);
  if (protocol !== listener.protocol || port !== listener.port) {
    throw invalidConfiguration("The lab cannot change a listener's protocol or port: delete it and create another.");
  }
  const group = actionGroupOf(params, account);
  if (group !== null) checkGroup(group, listener.balancer, account);
  const certificateArn = certificateOf(params);
  if (isSecure(protocol)) {
    listener.certificateArn = certificateArn ?? listener.certificateArn;
    listener.sslPolicy = params.get('SslPolicy') ?? listener.sslPolicy;
  }
  if (group !== null) account.v2.forwardTo(listener, group);
  return { Listeners: [listenerXml(listener)] };
}

function protocolOf(given: string | undefined, balancer: V2Balancer, account: Account): ListenerProtocol | null {
  if (given === undefined) return null;
  const { type } = balancer.identity;
  const takes: readonly string[] = type === 'application' ? ['HTTP', 'HTTPS'] : ['TCP', 'TLS', 'UDP', 'TCP_UDP'];
  if (!takes.includes(given)) {
    throw validationError(`Listener protocol '${given}' must be one of '${takes.join(', ')}'`);
  }
  const protocol = given as ListenerProtocol;
  if (!account.options.protocols.has(protocol))
    throw invalidConfiguration(`The lab's balancers do not speak ${given}.`);
  return protocol;
}

function portOf(params: QueryParams): number | undefined {
  return wholeNumber(params, 'Port', { min: 1, max: 65_535 });
}

function checkPort(balancer: V2Balancer, port: number, self: V2Listener | null): void {
  const taken = [...balancer.listeners.values()].some((listener) => listener !== self && listener.port === port);
  if (!taken && !balancer.startingPorts.has(port)) return;
  throw new ApiError(
    'DuplicateListener',
    `A listener already exists on this port for this load balancer '${balancer.identity.arn}'`,
  );
}

/** The one target group the default actions forward to; null when none are given. */
function actionGroupOf(params: QueryParams, account: Account): TargetGroup | null {
  const actions = structuresOf(params, 'DefaultActions');
  if (actions === undefined || actions.length === 0) return null;
  const [action] = actions;
  const type = requiredText(action!, 'Type', 'DefaultActions.member.Type');
  if (type !== 'forward' || actions.length > 1) {
    throw invalidConfiguration("The lab's listeners forward to one target group: that is the only action they have.");
  }
  const config = structureOf(action!, 'ForwardConfig');
  const groups = (config === undefined ? undefined : structuresOf(config, 'TargetGroups')) ?? [];
  const arns = new Set(
    groups.map((each) => requiredText(each, 'TargetGroupArn', 'DefaultActions.member.TargetGroupArn')),
  );
  const direct = action!.get('TargetGroupArn');
  if (direct !== undefined) arns.add(direct);
  const [arn, ...others] = arns;
  if (arn === undefined) throw validationError("A target group ARN must be specified for an action of type 'forward'");
  if (others.length > 0) throw invalidConfiguration("The lab's listeners forward to one target group each.");
  return groupByArn(arn, account);
}

function checkGroup(group: TargetGroup, balancer: V2Balancer, account: Account): void {
  const { arn, protocol, type } = group.identity;
  if (type !== balancer.identity.type) {
    throw new ApiError(
      'IncompatibleProtocols',
      `The target group '${arn}' with protocol '${protocol}' cannot be used with a load balancer of type '${balancer.identity.type}'`,
    );
  }
  if (!account.options.protocols.has(protocol)) {
    throw invalidConfiguration(`The lab's balancers do not speak ${protocol} to targets.`);
  }
  if (account.v2.balancersOf(group).some((each) => each !== balancer)) {
    throw new ApiError(
      'TargetGroupAssociationLimit',
      `The following target groups cannot be associated with more than one load balancer: ${arn}`,
    );
  }
}

function certificateOf(params: QueryParams): string | null {
  const [certificate] = structuresOf(params, 'Certificates') ?? [];
  return certificate?.get('CertificateArn') ?? null;
}

function isSecure(protocol: ListenerProtocol): boolean {
  return protocol === 'HTTPS' || protocol === 'TLS';
}

function listenerXml(listener: V2Listener): XmlFields {
  return {
    ListenerArn: listener.arn,
    LoadBalancerArn: listener.balancer.identity.arn,
    Port: listener.port,
    Protocol: listener.protocol,
    Certificates: listener.certificateArn === null ? [] : [{ CertificateArn: listener.certificateArn }],
    SslPolicy: listener.sslPolicy ?? undefined,
    DefaultActions: actionsXml(listener),
  };
}

function ruleXml(listener: V2Listener): XmlFields {
  return {
    RuleArn: listener.ruleArn,
    Priority: 'default',
    Conditions: [],
    Actions: actionsXml(listener),
    IsDefault: true,
  };
}

function actionsXml(listener: V2Listener): readonly XmlFields[] {
  const TargetGroupArn = listener.group.identity.arn;
  const forward = {
    TargetGroups: [{ TargetGroupArn, Weight: 1 }],
    TargetGroupStickinessConfig: { Enabled: false },
  };
  return [{ Type: 'forward', TargetGroupArn, Order: 1, ForwardConfig: forward }];
}
