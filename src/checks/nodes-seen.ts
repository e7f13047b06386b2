import { type Check, type CheckMeta, passed, warned } from './check.js';
import { counted } from './figures.js';

const meta: CheckMeta = {
  id: 'nodes-seen',
  title: 'Every balancer node was asked while each target was out',
  failureTitle: 'A balancer node was hardly asked while a target was out',
  why: 'Each node of a balancer learns of a detach on its own; a node nobody asked may still have routed to the target.',
  docs: {
    LB_NODE_UNSEEN:
      'Too few requests went through some balancer node while a target was out to say that the node had stopped routing to it.',
  },
};

/** A warning: the proof of leaving rests on all nodes together. */
export const nodesSeen: Check = {
  meta,
  evaluate({ unseenNodes }) {
    if (unseenNodes.length === 0) return passed(meta, 'every node that answered was asked often enough');
    return warned(meta, 'LB_NODE_UNSEEN', {
      measured: unseenNodes.map((n) => `${n.node}: ${n.sends}`).join(', '),
      threshold: 'enough to rule the target out',
      message: unseenNodes
        .map((n) => `only ${counted(n.sends, 'request')} went through ${n.node} while ${n.target} was out`)
        .join('; '),
      hint: 'Give all addresses of the balancer to the traffic (traffic.resolve), and raise traffic.rate.',
    });
  },
};
