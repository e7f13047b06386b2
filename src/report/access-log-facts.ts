import type { AccessLogSummary } from '../domain/access-log.js';
import { count, counted, percent } from './figures.js';

/** The access log as pairs of a word and what it says, in the order of reading. Backend names are addresses. */
export function accessLogRows(log: AccessLogSummary): readonly (readonly [string, string])[] {
  const { failures, matched, answered } = log;
  const share = answered === 0 ? 0 : matched / answered;
  const whole = log.isWhole
    ? `${percent(share)} of the good answers have their line`
    : `${percent(share)} of the good answers have their line: the log is not whole, or addresses are translated on the way, so a request without a line says nothing`;
  const unlogged = log.isWhole
    ? `${counted(failures.unlogged, 'failure')} without a line never reached the load balancer: look at the client’s side and the network`
    : `${counted(failures.unlogged, 'failure')} without a line`;
  return [
    [
      'files',
      `${log.files.join(', ')}: ${counted(log.lines, 'line')}, ${count(log.malformed)} unreadable, ${count(log.outside)} of other times or of connections`,
    ],
    ['whole', whole],
    ['this run', `${counted(log.ours, 'request')} logged, ${count(log.unreached)} never sent to a target`],
    ['5xx', `${count(log.logged5xx)} logged by the load balancer, ${count(log.seen5xx)} seen by this run`],
    [
      'failures',
      `${count(failures.lbMade)} made by the load balancer, ${count(failures.appMade)} by the application, ${count(failures.cut)} logged without an error; ${unlogged}`,
    ],
    ['others', `${counted(log.others, 'request')} of other clients, ${count(log.others5xx)} of them answered 5xx`],
    ...log.backends.map((b): readonly [string, string] => [
      b.backend,
      `${counted(b.requests, 'request')}, ${count(b.errors)} answered 5xx`,
    ]),
  ];
}
