/** One HTTP request as the access log of a load balancer of AWS has it. */
export interface AccessRow {
  /** Epoch ms of its arrival. */
  readonly arrivedAt: number;
  /** The client's port; 0 = not told. */
  readonly port: number;
  /** `address:port` of the target; null = it was sent to none. */
  readonly target: string | null;
  /** 0 = none. */
  readonly status: number;
  readonly targetStatus: number;
  /** Untrusted text. */
  readonly userAgent: string;
}

const CLASSIC_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/;
const ALB_TYPES: ReadonlySet<string> = new Set(['http', 'https', 'h2', 'grpcs', 'ws', 'wss']);
const ADDRESS = /^[0-9A-Fa-f.:[\]]{2,64}$/;

/**
 * Reads one line in the format of a Classic Load Balancer (AWS's guide, "Access logs for your Classic Load Balancer") or
 * of an Application Load Balancer, told apart by its first field. 'tcp' = a line about a connection without requests;
 * null = none of these. A client can put what it likes into the quoted fields, but nothing before them.
 */
export function accessRow(line: string): AccessRow | 'tcp' | null {
  const fields = fieldsOf(line);
  const [first = ''] = fields;
  if (CLASSIC_TIME.test(first)) return classicRow(fields);
  if (ALB_TYPES.has(first)) return albRow(fields);
  return null;
}

/** time elb client backend three-times elb_status backend_status received sent "request" "agent" cipher protocol */
function classicRow(fields: readonly string[]): AccessRow | 'tcp' | null {
  const [time = '', , client = '', backend = '', , , , status = '', targetStatus = '', , , , userAgent = ''] = fields;
  if (fields.length < 12) return null;
  if (status === '-' && targetStatus === '-' && backend !== '-') return 'tcp';
  return checked(Date.parse(time), client, backend, status, targetStatus, userAgent);
}

/** type time elb client target three-times elb_status target_status received sent "request" "agent" … creation_time … */
function albRow(fields: readonly string[]): AccessRow | null {
  const [, time = '', , client = '', target = '', , , , status = '', targetStatus = '', , , , userAgent = ''] = fields;
  if (fields.length < 13 || !CLASSIC_TIME.test(time)) return null;
  const created = fields[21] ?? '';
  const times = fields.slice(5, 8).map(Number);
  const took = times.every((s) => s >= 0) ? times.reduce((sum, s) => sum + s, 0) * 1000 : 0;
  // The line's own time is that of the answer; older lines do not say when the request came.
  const arrivedAt = CLASSIC_TIME.test(created) ? Date.parse(created) : Date.parse(time) - took;
  return checked(arrivedAt, client, target, status, targetStatus, userAgent);
}

function checked(
  arrivedAt: number,
  client: string,
  target: string,
  status: string,
  targetStatus: string,
  userAgent: string,
): AccessRow | null {
  const codes = [status, targetStatus].map(statusOf);
  const [got, said] = codes;
  if (!Number.isFinite(arrivedAt) || got === undefined || said === undefined || codes.includes(-1)) return null;
  if (!ADDRESS.test(client) || (target !== '-' && !ADDRESS.test(target))) return null;
  const port = Number(client.slice(client.lastIndexOf(':') + 1));
  const known = Number.isInteger(port) && port > 0 && port < 65_536;
  return {
    arrivedAt,
    port: known ? port : 0,
    target: target === '-' ? null : target,
    status: got,
    targetStatus: said,
    userAgent,
  };
}

/** −1 for what is no status. */
function statusOf(text: string): number {
  if (text === '-' || text === '0') return 0;
  return /^[1-9]\d\d$/.test(text) ? Number(text) : -1;
}

/** Fields between single spaces; a field in quotes ends at a quote before a space or the end. */
function fieldsOf(line: string): string[] {
  const fields: string[] = [];
  for (let at = 0; at <= line.length; ) {
    const isQuoted = line[at] === '"';
    const close = isQuoted ? closingQuote(line, at + 1) : line.indexOf(' ', at);
    const end = close < 0 ? line.length : close;
    fields.push(line.slice(isQuoted ? at + 1 : at, end));
    at = end + (isQuoted ? 2 : 1);
  }
  return fields;
}

function closingQuote(line: string, from: number): number {
  for (let at = line.indexOf('"', from); at >= 0; at = line.indexOf('"', at + 1))
    if (at + 1 === line.length || line[at + 1] === ' ') return at;
  return -1;
}
