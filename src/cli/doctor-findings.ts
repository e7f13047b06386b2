/** One thing doctor looked at. */
export interface DoctorFinding {
  readonly id: string;
  /** `absent`: an optional tool is not there; `warning`: runs may suffer; `problem`: rollproof cannot work so. */
  readonly level: 'ok' | 'absent' | 'warning' | 'problem';
  readonly message: string;
  /** What it is for, and how to get or mend it; null = nothing to do. */
  readonly hint: string | null;
}

export const ok = (id: string, message: string): DoctorFinding => ({ id, level: 'ok', message, hint: null });

export const notOk = (
  level: Exclude<DoctorFinding['level'], 'ok'>,
  id: string,
  message: string,
  hint: string,
): DoctorFinding => ({ id, level, message, hint });
