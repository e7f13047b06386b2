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
