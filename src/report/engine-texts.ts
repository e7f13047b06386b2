import type { EngineFacts } from '../domain/event.js';
import { type EngineSelfTest, type SelfTestCase, type SelfTestFault, selfTestMisses } from '../domain/self-test.js';
import { counted } from './figures.js';

/** What the peer of the self-test does, in words. */
export const FAULT_WORDS: Readonly<Record<SelfTestFault, string>> = {
  'dropped-fin': 'kept-alive connection closed under a request (FIN)',
  'dropped-rst': 'kept-alive connection reset under a request (RST)',
  truncated: 'body cut short',
  slow: 'answer late',
  hung: 'no answer at all',
  refused: 'connection refused',
};

/** `16 of 16`, and what became of the rest. */
export function caseWords({ injected, seen, otherwise, promised }: SelfTestCase): string {
  const figures = `${seen} of ${injected}`;
  if (seen >= injected) return figures;
  const other = otherwise === 0 ? '' : `, ${otherwise} under another name`;
  return promised ? `${figures}${other}: MISSED` : `${figures}${other}, hidden`;
}

/** One sentence: when it was tested and what came of it. */
export function selfTestSentence({ capabilities, selfTest }: EngineFacts): string {
  if (selfTest === null)
    return `The engine was not tested on this machine in this version: rollproof doctor --engine ${capabilities.name} would.`;
  return `Tested ${selfTest.testedAtWall.slice(0, 19).replace('T', ' ')} UTC against peers that break requests in known ways (${selfTest.method}): ${outcomeWords(selfTest)}.`;
}

function outcomeWords(test: EngineSelfTest): string {
  const misses = selfTestMisses(test);
  if (misses.length > 0) return misses.join('; ');
  const promised = test.cases.filter((one) => one.promised);
  const faults = promised.reduce((sum, one) => sum + one.injected, 0);
  return `all ${counted(faults, 'fault')} of ${counted(promised.length, 'kind')} were seen, none was sent again silently`;
}
