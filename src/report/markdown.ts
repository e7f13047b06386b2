import type { Outage } from '../domain/outage.js';
import type { Replacement, RunResult } from '../domain/result.js';
import { accessLogRows } from './access-log-facts.js';
import {
  AROUND_LEAD,
  aroundSentence,
  chanceSentence,
  marginWords,
  STRETCH_NOTE,
  worstStretches,
} from './around-texts.js';
import { selfTestSentence } from './engine-texts.js';
import { clock, clockSpan, count, counted, duration, outageSpan, percent, wallTime } from './figures.js';
import { markdownTable, markdownText as md } from './markdown-escape.js';
import { reProbeText } from './re-probe-text.js';

/** CI step summaries refuse more than 1 MiB for all steps together; ours stays far below. */
export const MARKDOWN_MAX_BYTES = 60_000;
const MARKS = { PASS: '✅', FAIL: '❌', INCONCLUSIVE: '❓', ERROR: '💥' } as const;
const STATUS = {
  pass: '✅ pass',
  fail: '❌ fail',
  inconclusive: '❓ inconclusive',
  warning: '⚠️ warning',
  skipped: '– skipped',
} as const;

/** `derived/report.md`: verdict, claims and the tables, for a job summary or a pull request; at most 60,000 bytes. */
export function renderMarkdown(result: RunResult): string {
  const sections = [
    verdictSection(result),
    claimsSection(result),
    outagesSection(result),
    accessLogSection(result),
    phasesSection(result),
    aroundSection(result),
    replacementSection(result),
    checksSection(result),
    errorsSection(result),
    runSection(result),
  ].filter((section) => section !== null);
  return fitted(sections);
}

/** Whole sections up to the limit; the first one is short by construction. */
function fitted(sections: readonly string[]): string {
  const kept: string[] = [];
  let bytes = 200;
  for (const section of sections) {
    bytes += Buffer.byteLength(section) + 2;
    if (bytes > MARKDOWN_MAX_BYTES) break;
    kept.push(section);
  }
  const left = sections.length - kept.length;
  if (left > 0) kept.push(`… ${counted(left, 'section')} left out here: see report.html.`);
  return `${kept.join('\n\n').replaceAll('\u00a0', ' ')}\n`;
}

function verdictSection({ verdict, run, counts }: RunResult): string {
  const lines = [
    `## ${MARKS[verdict.kind]} ${verdict.kind}: ${md(run.scenario.name, 80)}`,
    '',
    `**${md(verdict.sentence, 1500)}**`,
  ];
  if (verdict.codes.length > 0) lines.push('', `Codes: ${verdict.codes.map((code) => `\`${code}\``).join(', ')}`);
  if (verdict.nextAction !== null) lines.push('', `Next: ${md(verdict.nextAction, 1500)}`);
  if (run.stillDetached.length > 0)
    lines.push(
      '',
      `**Still detached: ${run.stillDetached
        .slice(0, 20)
        .map((t) => md(t, 80))
        .join(', ')}**`,
    );
  const failed = `${count(counts.failed)} of ${count(counts.judged)} failed`;
  const deploy =
    run.deployMs === null ? 'no deploy' : `deploy ${duration(run.deployMs)} (${duration(run.asleepMs)} asleep)`;
  lines.push(
    '',
    `${failed} · ${deploy} · ${md(run.scenario.environment, 60)} · ${md(wallTime(run.startedAtWall), 40)}`,
  );
  return lines.join('\n');
}

function claimsSection(result: RunResult): string | null {
  const { claims, verdict } = result;
  if (claims.sentences.length === 0) return null;
  const worst = worstStretches(result);
  const head = verdict.kind === 'PASS' ? '### What this run proves' : '### What this run shows';
  return [
    head,
    '',
    ...claims.sentences.slice(0, 12).map((sentence) => `- ${md(sentence, 600)}`),
    ...(worst.length === 0 ? [] : [`- Answered well: ${worst.join(', ')}. ${STRETCH_NOTE}`]),
  ].join('\n');
}

function accessLogSection({ accessLog }: RunResult): string | null {
  if (accessLog === undefined) return null;
  const rows = accessLogRows(accessLog).map(([what, says]) => `- ${md(what, 80)}: ${md(says, 600)}`);
  return ['### The load balancer’s access log', '', ...rows].join('\n');
}

function outagesSection({ outages }: RunResult): string | null {
  if (outages.length === 0) return null;
  const row = (o: Outage): string[] => [
    outageSpan(o),
    `${duration(o.durationEstimateMs)} (${duration(o.durationLoMs)} … ${duration(o.durationHiMs)})`,
    `${o.kind}, ${counted(o.failures, 'failure')}`,
    o.classes
      .slice(0, 4)
      .map((c) => `${md(c.class)} ×${count(c.count)}`)
      .join(', '),
    md(o.stepBefore ?? '–', 80),
    [`${o.causes[0].code}: ${md(o.causes[0].sentence, 300)}`, reProbeText(o)].filter((text) => text !== null).join(' '),
  ];
  const table = markdownTable(['When', 'Length', 'Kind', 'Errors', 'Step before', 'Probable cause'], outages.map(row), {
    right: ['Length'],
    limit: 25,
  });
  return `### Outages\n\n${table}`;
}

function phasesSection({ phases }: RunResult): string | null {
  if (phases.length === 0) return null;
  const rows = phases.map((p) => [
    md(p.phase.id, 80),
    clockSpan(p.phase.from, p.phase.to),
    count(p.requests),
    p.failed > 0 ? `**${count(p.failed)}**` : '0',
    percent(p.rate),
    `≤ ${percent(p.rateUpper, 'up')}`,
    md(p.mainError ?? '–', 120),
  ]);
  return `### Where the failures fall\n\n${markdownTable(['Phase', 'When', 'Requests', 'Failed', 'Rate', '95 % upper', 'Main error'], rows, { right: ['Requests', 'Failed', 'Rate', '95 % upper'] })}`;
}

/** The charts of report.html in words. */
function aroundSection({ alignment }: RunResult): string | null {
  if (alignment.length === 0) return null;
  const lines = alignment.map((a) => `- ${aroundSentence(a)} ${chanceSentence(a)}`);
  return ['### Failures around the steps', '', ...lines, '', `<sub>${AROUND_LEAD}</sub>`].join('\n');
}

function replacementSection({ replacements, claims }: RunResult): string | null {
  if (replacements.length === 0) return null;
  const marginOf = (r: Replacement): string => {
    const known = claims.margins.find((m) => m.target === r.target);
    return known === undefined ? '–' : marginWords(known.marginMs);
  };
  const word = (r: Replacement): string => (r.replaced ? 'proven' : '**unproven**');
  const range = (lo: number | null, hi: number | null): string =>
    lo === null && hi === null ? '–' : `${duration(lo)} … ${hi === null ? 'more' : duration(hi)}`;
  const rows = replacements.map((r) => [
    md(r.target, 80),
    word(r),
    range(r.detachLagLoMs, r.detachLagHiMs),
    range(r.drainNeedMs, r.drainNeedHiMs),
    range(r.attachLagLoMs, r.attachLagHiMs),
    marginOf(r),
    count(r.inFlightAtDetach),
    count(r.staleResponses),
  ]);
  const head = [
    'Target',
    'Replacement',
    'Detach lag',
    'Drain need',
    'Attach lag',
    'Sleep margin',
    'In flight at detach',
    'Stale',
  ];
  return `### Replacement\n\n${markdownTable(head, rows, { right: head.slice(2) })}`;
}

function checksSection({ checks }: RunResult): string | null {
  if (checks.length === 0) return null;
  const rows = checks.map((c) => [
    md(c.title, 120),
    STATUS[c.status],
    md(c.measured, 80),
    md(c.threshold, 80),
    md(c.hint === null || c.status === 'pass' ? c.message : `${c.message} ${c.hint}`, 300),
  ]);
  return `### Checks\n\n${markdownTable(['Check', 'Result', 'Measured', 'Wanted', 'Meaning'], rows, { right: ['Measured', 'Wanted'] })}`;
}

function errorsSection({ errors }: RunResult): string | null {
  if (errors.length === 0) return null;
  const rows = errors.map((e) => [
    md([e.status ?? '', e.detail].join(' '), 120),
    md(e.class),
    e.request === undefined ? e.lane : `${e.lane}, ${md(e.request, 63)}`,
    count(e.count),
    md(e.phase ?? '–', 80),
    md(e.target ?? '–', 80),
    `${clock(e.firstAt)} – ${clock(e.lastAt)}`,
  ]);
  return `### Errors\n\n${markdownTable(['Error', 'Class', 'Lane', 'Count', 'Phase', 'Target', 'Seen'], rows, { right: ['Count'], limit: 25 })}`;
}

function runSection({ run, generator }: RunResult): string {
  const sent = `offered ${count(Math.round(generator.offeredPerSecond))}/s, sent ${count(Math.round(generator.sentPerSecond))}/s`;
  const parts = [
    `rollproof ${md(run.toolVersion, 40)}`,
    `run ${md(run.id, 80)}`,
    run.scenarioFile === null ? null : md(run.scenarioFile, 200),
    run.gitRevision === null ? null : `git ${md(run.gitRevision.slice(0, 12), 20)}`,
    sent,
  ];
  const engine =
    run.engine === undefined
      ? ''
      : `Traffic engine ${md(run.engine.capabilities.name, 40)}: ${md(selfTestSentence(run.engine), 600)}\n\n`;
  return `${engine}<sub>${parts.filter((part) => part !== null).join(' · ')}</sub>`;
}
