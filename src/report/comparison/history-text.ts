import type { LedgerEntry, PlaceHistory } from '../../domain/comparison.js';
import { counted, duration, durationBound, percent } from '../figures.js';
import { plainLine } from '../plain-text.js';

const TREND = 40;
const LETTER: Readonly<Record<LedgerEntry['verdict'], string>> = {
  PASS: '✓',
  FAIL: '✗',
  INCONCLUSIVE: '?',
  ERROR: '!',
};

/** What the ledger says, one block per environment and balancer; they are never added up. */
export function historyText(histories: readonly PlaceHistory[]): string {
  if (histories.length === 0) return 'the history is empty\n';
  return histories.map(placeText).join('\n');
}

function placeText(history: PlaceHistory): string {
  const { place, entries } = history;
  const own = entries.filter((e) => !e.study);
  const trend = own.slice(-TREND).map((e) => LETTER[e.verdict]);
  const kind = place.balancerKind === 'lab' ? 'lab, says nothing of a real balancer' : place.balancerKind;
  const lines = [
    `${place.environment} · ${place.balancerName} · ${kind}`,
    `verdicts   ${trend.length === 0 ? 'only runs of studies' : trend.join('')}${own.length > TREND ? `  (the last ${TREND})` : ''}`,
    `deploys    ${history.bad} of ${counted(history.deploys, 'deploy')} had downtime${boundText(history)}${history.undecided > 0 ? `; ${history.undecided} undecided, not counted` : ''}`,
    `need       ${needText(history)}`,
    `latest     ${entries
      .slice(-3)
      .map((e) => `${e.startedAt.slice(0, 16).replace('T', ' ')} ${e.verdict} ${e.version}`)
      .join('; ')}`,
  ];
  return `${lines.map((line, i) => (i === 0 ? plainLine(line) : `  ${plainLine(line)}`)).join('\n')}\n`;
}

function boundText({ downtimeUpper, alpha }: PlaceHistory): string {
  if (!(downtimeUpper < 0.9995)) return ', which bounds nothing yet';
  return ` → at most ${percent(downtimeUpper, 'up')} of such deploys (${percent(1 - alpha)})`;
}

function needText(history: PlaceHistory): string {
  const { needs, censored, needMaxMs, shareShown } = history;
  if (needs === 0) return 'never observed';
  const seen = `${counted(needs, 'deploy')} observed (studies included)`;
  const longest = needMaxMs === null ? 'none to its end' : `longest ${durationBound(needMaxMs)}`;
  if (censored > 0) return `${seen}, ${censored} needed longer than could be seen; ${longest}`;
  const shown = shareShown === null ? '' : `; at least ${percent(shareShown, 'down')} of such deploys need no more`;
  return `${seen}: median ${duration(history.needMedianMs)}, 95 % ${duration(history.needP95Ms)}, ${longest}${shown}`;
}
