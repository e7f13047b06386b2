import type { TargetId } from './target.js';
import type { Span } from './time.js';

/** verdict.md §5. `deploy` stands for stopping+down+ready where the application's own life was not observed. */
export const PHASE_KINDS = [
  'baseline',
  'detach',
  'drain',
  'stopping',
  'down',
  'ready',
  'deploy',
  'attach',
  'settle',
] as const;
export type PhaseKind = (typeof PHASE_KINDS)[number];

export interface Phase extends Span {
  /** `<target>:<kind>`, or `baseline`. */
  readonly id: string;
  readonly kind: PhaseKind;
  readonly target: TargetId | null;
}
