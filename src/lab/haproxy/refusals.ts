/** Knobs of AWS's balancers and their API, which a HAProxy of its own has nothing of. A test compares them with the scenario's rules. */
export const NOT_OF_HAPROXY = [
  'azPerNode',
  'nodesLike',
  'dataPlane',
  'registerDelayMs',
  'registerPropagationMs',
  'deregisterPropagationMs',
  'initialHealthyChecks',
  'drainEnabled',
  'drainNeverEnds',
  'rstAtDrainEnd',
  'connectionTermination',
  'healthFlap',
  'closeNoticeMs',
  'drainKeepsIdle',
  'nodeLeavesMs',
  'crossZone',
  'preopen',
  'surgeQueue',
  'describeStaleMs',
  'apiLatencyMs',
  'throttleRate',
  'dropAckRate',
  'apiErrorRate',
  'apiErrorCount',
  'invalidInstanceForMs',
  'accessKeyId',
  'secretAccessKey',
] as const;

/** What is asked of a lab that is a HAProxy of its own and it does not have, a sentence each. */
export function ownHaproxyRefusals(asked: Readonly<Record<string, unknown>>): readonly string[] {
  const refused = NOT_OF_HAPROXY.filter((name) => asked[name] !== undefined);
  return [
    ...refused.map((name) => `'${name}' cannot be set with 'kind' haproxy: it is real, and has no such knob`),
    ...(typeof asked.nodes === 'number' && asked.nodes > 1 ? ["'nodes' must be 1 with 'kind' haproxy"] : []),
  ];
}

/**
 * What is asked of the lab and HAProxy cannot do, a sentence each. Only what somebody wrote down is refused: a preset's
 * own values that do not apply are documented and noted instead.
 */
export function haproxyRefusals(asked: Readonly<Record<string, unknown>>): readonly string[] {
  const cannot = (name: string, why: string): string => `'${name}' cannot be set with 'dataPlane' haproxy: ${why}`;
  const refusals: string[] = [];
  if (typeof asked.preopen === 'number' && asked.preopen > 0) {
    refusals.push(cannot('preopen', 'HAProxy opens no connections in advance'));
  }
  if (asked.surgeQueue !== undefined) refusals.push(cannot('surgeQueue', "HAProxy's queue has no such bound"));
  if (asked.rstAtDrainEnd === true) refusals.push(cannot('rstAtDrainEnd', 'HAProxy answers what it cuts'));
  return refusals;
}
