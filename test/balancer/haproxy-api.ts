import type { AskHaproxy } from '../../src/balancer/haproxy-socket.js';

/** One server of the HAProxy below; fields are HAProxy's own. */
export interface FakeServer {
  admin: number;
  op: number;
  check: number;
  health: number;
  weight: number;
  scur: number;
  qcur: number;
  port: number;
  cookie: string;
}

const STATE_HEAD =
  '# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord';
const STAT_HEAD = '# pxname,svname,qcur,qmax,scur,status,weight,check_rise,check_fall,cookie,mode,algo,';

/**
 * What HAProxy 2.6.12 answers on its runtime API (formats and transitions as recorded from it), for one backend `web`
 * with servers s1 and s2, and one backend `other`.
 */
export function haproxyApi() {
  const fresh = (port: number): FakeServer => ({
    admin: 0,
    op: 2,
    check: 6,
    health: 3,
    weight: 1,
    scur: 0,
    qcur: 0,
    port,
    cookie: '',
  });
  const servers: Record<string, FakeServer> = { s1: fresh(81), s2: fresh(82) };
  const others: Record<string, FakeServer> = {};
  const proxy = { pid: 100, uptimeS: 50, level: 'admin', algorithm: 'roundrobin', mode: 'http' };
  const sent: string[] = [];
  const refuse = new Map<RegExp, string | Error>();

  const status = ({ admin, op, check, health }: FakeServer): string => {
    if (admin & 0x27) return 'MAINT';
    if (op === 0) return health > 0 ? `DOWN ${health}/2` : 'DOWN';
    if (admin & 0x18) return 'DRAIN';
    return check === 0 ? 'no check' : 'UP';
  };
  const rows = (be: string, all: Record<string, FakeServer>) =>
    Object.entries(all).map(
      ([name, s], i) =>
        `3 ${be} ${i + 1} ${name} 127.0.0.1 ${s.op} ${s.admin} ${s.weight} 1 2 15 3 ${s.health} ${s.check} 0 0 0 - ${s.port} -`,
    );
  const set = (name: string, what: string): string => {
    const s = servers[name];
    if (s === undefined) return 'No such server.\n\n';
    if (what === 'state drain') {
      if (s.admin & 1) s.op = 2;
      s.admin = 8;
    } else if (what === 'state maint') Object.assign(s, { admin: 1, op: 0 });
    else if (what === 'state ready') {
      // HAProxy takes what leaves maintenance for healthy.
      if (s.admin & 1) s.op = 2;
      s.admin = 0;
    } else if (what === 'health down') Object.assign(s, { op: 0, health: 0 });
    return '\n';
  };
  const ask: AskHaproxy = async (command) => {
    sent.push(command);
    for (const [match, said] of refuse)
      if (match.test(command)) {
        if (said instanceof Error) throw said;
        return said;
      }
    const change = /^set server web\/(\S+) (.*)$/.exec(command);
    if (change !== null) return set(change[1] ?? '', change[2] ?? '');
    if (command === 'show info')
      return `Name: HAProxy\nVersion: 2.6.12\nPid: ${proxy.pid}\nUptime: 0d\nUptime_sec: ${proxy.uptimeS}\n\n`;
    if (command === 'show cli level') return `${proxy.level}\n\n`;
    if (command === 'show servers state')
      return `1\n${STATE_HEAD}\n${[...rows('web', servers), ...rows('other', others)].join('\n')}\n\n`;
    if (command === 'show servers state web') return `1\n${STATE_HEAD}\n${rows('web', servers).join('\n')}\n\n`;
    if (command === 'show stat web 6 -1') {
      const lines = Object.entries(servers).map(
        ([name, s]) => `web,${name},${s.qcur},0,${s.scur},${status(s)},${s.weight},2,3,${s.cookie},${proxy.mode},,`,
      );
      return `${STAT_HEAD}\n${lines.join('\n')}\nweb,BACKEND,0,0,0,UP,2,,,,${proxy.mode},${proxy.algorithm},\n\n`;
    }
    return /servers state/.test(command) ? "Can't find backend.\n\n" : 'Unknown command\n\n';
  };
  /** The commands that change something, in order. */
  const changes = () => sent.filter((line) => line.startsWith('set '));
  return { ask, servers, others, proxy, sent, refuse, changes, fresh };
}
