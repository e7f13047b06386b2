/**
 * How long a deploy takes that replaces its targets one after the other and sleeps after each detach and each attach:
 * T(s) = fixed + 2·N·s (verdict.md §8). `fixedMs` is everything that is not sleep, of the whole deploy.
 */
export function deployTimeMs(sleepMs: number, targets: number, fixedMs: number): number {
  return fixedMs + 2 * targets * sleepMs;
}
