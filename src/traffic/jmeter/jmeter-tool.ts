import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { RollproofError } from '../../domain/errors.js';
import { findProgram, outputOf, type ProcessHost } from '../foreign/process-host.js';
import { SAMPLE_VARIABLES } from './jmx.js';

/** An installed JMeter 5. */
export interface JmeterTool {
  readonly java: string;
  readonly home: string;
  readonly version: string;
}

const INSTALL =
  'install JMeter 5.6 (https://jmeter.apache.org) and name its folder in JMETER_HOME or put its bin on PATH; Java must be on PATH';

/**
 * Finds JMeter by JMETER_HOME or `jmeter` on PATH and asks its version.
 * @throws RollproofError TOOL_MISSING without it, without Java, and for versions before 5: Debian's 2.13 cannot load any
 * plan (its XStream refuses JMeter's own classes) and has neither connect times nor start timestamps.
 */
export async function findJmeter(host: ProcessHost): Promise<JmeterTool> {
  const missing = (message: string, cause?: unknown) =>
    new RollproofError('TOOL_MISSING', `traffic.engine jmeter: ${message}`, { hint: INSTALL, cause });
  const java = findProgram('java', host.env);
  if (java === null) throw missing('there is no java');
  const home = homeOf(host);
  if (home === null) throw missing('there is no JMeter');
  const jar = join(home, 'bin', 'ApacheJMeter.jar');
  const text = await versionText(java, jar, host).catch((cause: unknown) => {
    throw missing(`${jar} cannot be started`, cause);
  });
  const version = /(?:\s|Version )(\d+)\.(\d+(?:\.\d+)?)\b/.exec(text.replace(/^.*WARN.*$/gm, ''));
  if (version === null) throw missing(`${jar} does not answer like JMeter`);
  const name = `${version[1]}.${version[2]}`;
  if (Number(version[1]) < 5) throw missing(`${home} is JMeter ${name}, which cannot be driven; this needs 5.x`);
  return { java, home, version: name };
}

/** In a folder of its own: even for its version JMeter writes a log where it stands. */
async function versionText(java: string, jar: string, host: ProcessHost): Promise<string> {
  const cwd = mkdtempSync(join(tmpdir(), 'rollproof-jmeter-'));
  try {
    const argv: [string, ...string[]] = [java, '-Djava.awt.headless=true', '-jar', jar, '-v'];
    return (await outputOf(host.start(argv, { env: javaEnv(host), cwd }))).text;
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

/** Absolute, because JMeter is started in another folder. */
function homeOf(host: ProcessHost): string | null {
  const given = host.env.JMETER_HOME;
  if (given !== undefined && given !== '')
    return existsSync(join(given, 'bin', 'ApacheJMeter.jar')) ? resolve(given) : null;
  const launcher = findProgram('jmeter', host.env);
  if (launcher === null) return null;
  const beside = resolve(dirname(dirname(launcher)));
  if (existsSync(join(beside, 'bin', 'ApacheJMeter.jar'))) return beside;
  const debian = '/usr/share/jmeter';
  return /\/usr\/share\/jmeter/.test(textOf(launcher)) || existsSync(join(debian, 'bin', 'ApacheJMeter.jar'))
    ? debian
    : null;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'latin1').slice(0, 10_000);
  } catch (unreadable) {
    void unreadable;
    return '';
  }
}

/** Neither JVM_ARGS nor JMETER_OPTS nor a proxy of the user's. */
export function javaEnv(host: ProcessHost): Record<string, string> {
  return { PATH: host.env.PATH ?? '', HOME: '/nonexistent', LANG: 'C.UTF-8' };
}

/** Retries are forced off whatever the user's settings say, and the columns are fixed so that the tail can be read. */
const PROPERTIES: Readonly<Record<string, string>> = {
  'jmeter.save.saveservice.output_format': 'csv',
  'jmeter.save.saveservice.print_field_names': 'true',
  'jmeter.save.saveservice.timestamp_format': 'ms',
  'jmeter.save.saveservice.connect_time': 'true',
  'jmeter.save.saveservice.latency': 'true',
  'jmeter.save.saveservice.bytes': 'true',
  'jmeter.save.saveservice.thread_name': 'true',
  'jmeter.save.saveservice.response_code': 'true',
  'jmeter.save.saveservice.response_message': 'true',
  'jmeter.save.saveservice.successful': 'true',
  'jmeter.save.saveservice.assertion_results_failure_message': 'true',
  'jmeter.save.saveservice.autoflush': 'true',
  'sampleresult.timestamp.start': 'true',
  'summariser.name': '',
  'httpclient4.retrycount': '0',
  'httpclient4.request_sent_retry_enabled': 'false',
  'httpclient4.time_to_live': '60000',
  // A connection the peer has closed meanwhile is not used, as every client does; only the race is a failure.
  'httpclient4.validate_after_inactivity': '1',
  'httpclient.reset_state_on_thread_group_iteration': 'false',
  'jmeterengine.nongui.port': '0',
  'jmeterengine.nongui.maxport': '0',
};

export interface JmeterFiles {
  readonly plan: string;
  readonly results: string;
  readonly log: string;
  /** Appears when the first arrival may come; null = at once. */
  readonly go: string | null;
}

/** argv that runs a plan without a window. */
export function jmeterArgv(tool: JmeterTool, files: JmeterFiles): [string, ...string[]] {
  const properties = {
    ...PROPERTIES,
    sample_variables: SAMPLE_VARIABLES.join(','),
    ...(files.go === null ? {} : { 'rollproof.go': files.go }),
  };
  return [
    tool.java,
    '-Djava.awt.headless=true',
    '-Dsun.net.inetaddr.ttl=1',
    '-Xss256k',
    '-Xmx2g',
    '-jar',
    join(tool.home, 'bin', 'ApacheJMeter.jar'),
    '-n',
    ...['-t', files.plan, '-l', files.results, '-j', files.log],
    ...Object.entries(properties).map(([name, value]) => `-J${name}=${value}`),
  ];
}
