import { RollproofError } from '../domain/errors.js';
import type { TargetState } from '../domain/target.js';

/** One server line of a backend, as `show servers state` and `show stat` tell it together. */
export interface HaproxyServer {
  readonly name: string;
  /** Out for maintenance, by whomever: runtime API, configuration (`disabled`), a tracked server, its name's resolution. */
  readonly inMaint: boolean;
  /** Takes nothing but what persistence (cookie, stick table) sends it. */
  readonly drains: boolean;
  readonly weight: number;
  /** 0 stopped, 1 starting (slow start), 2 running, 3 stopping (the server itself asks for nothing more). */
  readonly operation: number;
  /** Its health check runs while it is not in maintenance. */
  readonly isChecked: boolean;
  /** Checks passed in a row; 0 = none since it was last down. */
  readonly checkHealth: number;
  /** Sessions at it now, and waiting for it. */
  readonly sessions: number;
  readonly queued: number;
  /** HAProxy's own words: `UP`, `DRAIN`, `DOWN 1/2`, `no check`. Untrusted text. */
  readonly status: string;
  readonly rise: number | null;
  readonly fall: number | null;
  /** It has a persistence cookie. */
  readonly hasCookie: boolean;
}

/** A backend now. */
export interface HaproxyBackend {
  readonly servers: readonly HaproxyServer[];
  readonly mode: string;
  /** How it balances, e.g. `roundrobin`; empty where HAProxy does not tell. */
  readonly algorithm: string;
}

/** What tells one HAProxy process from the one after a reload or restart. */
export interface HaproxyProcess {
  readonly pid: number;
  readonly uptimeS: number;
  readonly version: string;
}

/** srv_admin_state (include/haproxy/server-t.h): forced, inherited, by configuration, by resolution, by agent. */
const MAINT_BITS = 0x01 | 0x02 | 0x04 | 0x20 | 0x40;
const DRAIN_BITS = 0x08 | 0x10;
/** srv_check_state: configured and enabled. */
const CHECK_ENABLED = 0x04;

/** Reads both answers. @throws RollproofError for anything else, which would be another HAProxy than we know. */
export function backendFrom(name: string, state: string, stat: string): HaproxyBackend {
  const rows = table(stat, ',', /^# /).filter((row) => row.pxname === name);
  const own = rows.find((row) => row.svname === 'BACKEND');
  const servers = table(state, ' ', /^# /).filter((row) => row.be_name === name);
  return {
    servers: servers.map((row) =>
      serverFrom(
        row,
        rows.find((each) => each.svname === row.srv_name),
      ),
    ),
    mode: own?.mode ?? '',
    algorithm: own?.algo ?? '',
  };
}

function serverFrom(row: Row, stat: Row | undefined): HaproxyServer {
  const name = row.srv_name ?? '';
  const number = (text: string | undefined, what: string): number => {
    if (text === undefined || !/^\d+$/.test(text)) throw strange(`${what} of ${name} is '${text ?? 'missing'}'`);
    return Number(text);
  };
  const orNull = (text: string | undefined): number | null =>
    text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
  const admin = number(row.srv_admin_state, 'srv_admin_state');
  const weight = number(row.srv_uweight, 'srv_uweight');
  return {
    name,
    inMaint: (admin & MAINT_BITS) !== 0,
    drains: (admin & DRAIN_BITS) !== 0 || weight === 0,
    weight,
    operation: number(row.srv_op_state, 'srv_op_state'),
    isChecked: (number(row.srv_check_state, 'srv_check_state') & CHECK_ENABLED) !== 0,
    checkHealth: number(row.srv_check_health, 'srv_check_health'),
    sessions: number(stat?.scur, 'scur'),
    queued: number(stat?.qcur, 'qcur'),
    status: stat?.status ?? '',
    rise: orNull(stat?.check_rise),
    fall: orNull(stat?.check_fall),
    hasCookie: (stat?.cookie ?? '') !== '',
  };
}

/**
 * HAProxy's administrative and operational state → the one vocabulary, and whether the backend has the target: one in
 * maintenance or draining has left it.
 * @param restsInDrain a drained target stays in `drain`: it is `unused` once nothing is in flight at it.
 */
export function haproxyTargetState(
  server: HaproxyServer,
  restsInDrain: boolean,
): { readonly state: TargetState; readonly registered: boolean } {
  if (server.inMaint) return { state: 'unused', registered: false };
  if (server.drains) {
    const empty = server.sessions + server.queued === 0;
    return { state: restsInDrain && empty ? 'unused' : 'draining', registered: false };
  }
  if (server.operation === 3) return { state: 'draining', registered: true };
  if (server.operation !== 0) return { state: 'healthy', registered: true };
  return { state: server.checkHealth > 0 ? 'initial' : 'unhealthy', registered: true };
}

/** Reads `show info`. @throws RollproofError when it names no process. */
export function processFrom(info: string): HaproxyProcess {
  const said = new Map(
    info.split('\n').map((line): [string, string] => {
      const at = line.indexOf(':');
      return [line.slice(0, at), line.slice(at + 1).trim()];
    }),
  );
  const [pid, uptimeS] = [Number(said.get('Pid')), Number(said.get('Uptime_sec'))];
  if (!Number.isInteger(pid) || !Number.isInteger(uptimeS)) throw strange(`'show info' names no Pid and Uptime_sec`);
  return { pid, uptimeS, version: said.get('Version') ?? '' };
}

/** A reload or restart lies between the two looks. */
export function isOtherProcess(before: HaproxyProcess, now: HaproxyProcess): boolean {
  return now.pid !== before.pid || now.uptimeS < before.uptimeS;
}

type Row = Readonly<Record<string, string | undefined>>;

/** A head that names the columns, then a row each. Texts with separators of their own stand in later columns only. */
function table(answer: string, separator: string, head: RegExp): Row[] {
  const lines = answer.split('\n').filter((line) => line.trim() !== '');
  const at = lines.findIndex((line) => head.test(line));
  if (at < 0) throw strange(`its answer starts with '${answer.trim().slice(0, 100)}'`);
  const columns = (lines[at] ?? '').replace(head, '').split(separator);
  return lines.slice(at + 1).map((line) => {
    const fields = line.split(separator);
    return Object.fromEntries(columns.map((column, i) => [column, fields[i]]));
  });
}

function strange(what: string): RollproofError {
  return new RollproofError('BALANCER_REFUSED', `HAProxy's runtime API answers in a way that is not known: ${what}`, {
    hint: 'is it HAProxy 2.2 or newer?',
  });
}
