import { type Finding, problem, type Rule, warning } from './rule.js';

/** What an Application Load Balancer takes on one connection, and no less than what RFC 9113 recommends (100). */
const ALB_STREAMS = 128;

/** HTTP/2 is agreed on in the TLS handshake, and one engine speaks it. */
const h2IsSpoken: Rule = {
  reads: ['traffic.lanes.h2', 'traffic.engine', 'service.url', 'balancer'],
  findings: ({ traffic: { lanes, engine }, service, balancer }) => {
    if (lanes.h2 === 0) return [];
    const path = ['traffic', 'lanes', 'h2'];
    const findings: Finding[] = [];
    if (engine !== 'embedded')
      findings.push(
        problem(path, `engine ${engine} does not run lane h2`, 'use traffic.engine: embedded, or set h2: 0'),
      );
    if (balancer.kind === 'lab') findings.push(problem(path, "the lab's balancers speak HTTP/1.1 only", 'set h2: 0'));
    else if (!service.url.toLowerCase().startsWith('https:'))
      findings.push(
        problem(path, 'HTTP/2 is spoken over TLS only, and service.url is http', 'write https://, or set h2: 0'),
      );
    return findings;
  },
};

/** A hanging service keeps its streams open until they time out: what finds no place on the connection is dropped. */
const streamsHoldAnOutage: Rule = {
  reads: ['traffic.lanes', 'traffic.rate', 'traffic.timeout'],
  findings: ({ traffic: { lanes, rate, timeout } }) => {
    if (lanes.h2 === 0) return [];
    const perSecond = (rate * lanes.h2) / (lanes.new + lanes.reuse + lanes.h2);
    const streams = Math.ceil((perSecond * timeout) / 1000);
    if (streams <= ALB_STREAMS) return [];
    const message = `in an outage ${streams} streams would be open at once (rate × timeout), an ALB takes ${ALB_STREAMS} on a connection: beyond that arrivals of lane h2 are dropped`;
    return [warning(['traffic', 'lanes', 'h2'], message, 'lower h2, the rate or the timeout')];
  },
};

/** Rules about `traffic.lanes.h2`. */
export const H2_RULES: readonly Rule[] = [h2IsSpoken, streamsHoldAnOutage];
