import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { goawayCode, resetCode } from '../../src/domain/http2.js';
import { ORIGINS, SAMPLE_CLASSES, type SampleClass } from '../../src/domain/outage.js';
import { ENGINE_ERRORS, ERROR_PHASES } from '../../src/domain/sample.js';
import { type ClassifyRules, classifyOutcome, classifySamples, type RawOutcome } from '../../src/evidence/classify.js';
import { type SampleRow, sampleTable } from './sample-rows.js';

const RULES: ClassifyRules = { expect: [[200, 399]], dns: 'unknown', stampCoverage: 1 };
const WHOLE: RawOutcome = {
  code: null,
  phase: 'none',
  status: 200,
  statusText: 'OK',
  server: null,
  complete: true,
  bodyOk: null,
  target: 's1',
};
const failed = (code: string, more: Partial<RawOutcome> = {}): SampleClass =>
  classifyOutcome({ ...WHOLE, status: null, target: null, code, ...more }, RULES).class;

describe('classifyOutcome', () => {
  it('knows every code of our own engine', () => {
    expect(failed(ENGINE_ERRORS.timeout)).toBe('timeout');
    expect(failed(ENGINE_ERRORS.closed, { phase: 'headers' })).toBe('reset');
    expect(failed(ENGINE_ERRORS.truncated, { phase: 'body' })).toBe('truncated');
    expect(failed(ENGINE_ERRORS.protocol, { phase: 'headers' })).toBe('protocol');
    expect(failed(ENGINE_ERRORS.dropped)).toBe('dropped');
    expect(failed(ENGINE_ERRORS.aborted)).toBe('aborted');
  });

  it('knows how HTTP/2 ends a stream: a reset, whatever its code and whoever may send it again', () => {
    expect(failed(ENGINE_ERRORS.notHttp2, { phase: 'tls' })).toBe('tls');
    for (const number of [0, 2, 7, 8, 13, 99]) {
      for (const code of [resetCode(number), goawayCode(number)]) {
        expect(failed(code, { phase: 'headers' })).toBe('reset');
        expect(failed(code, { phase: 'body', status: 200 })).toBe('truncated');
        const judged = classifyOutcome({ ...WHOLE, status: null, target: null, code, phase: 'headers' }, RULES);
        expect(judged).toMatchObject({ origin: 'path', admissible: true, failed: true, forgeable: false });
      }
    }
    expect([resetCode(7), goawayCode(0), resetCode(14)]).toEqual([
      'ROLLPROOF_H2_RST_REFUSED_STREAM',
      'ROLLPROOF_H2_GOAWAY_NO_ERROR',
      'ROLLPROOF_H2_RST_OTHER',
    ]);
  });

  it('tells a reset from a response cut in its body', () => {
    expect(failed('ECONNRESET', { phase: 'headers', complete: false })).toBe('reset');
    expect(failed('ECONNRESET', { phase: 'body', status: 200 })).toBe('truncated');
    expect(failed('UND_ERR_SOCKET', { phase: 'body' })).toBe('truncated');
    expect(classifyOutcome({ ...WHOLE, complete: false }, RULES).class).toBe('truncated');
  });

  it('takes whatever fails during the look-up for dns, but a lack of our own resources for ours', () => {
    expect(failed('ECONNREFUSED', { phase: 'dns' })).toBe('dns');
    expect(failed(ENGINE_ERRORS.timeout, { phase: 'dns' })).toBe('dns');
    expect(failed('EMFILE', { phase: 'dns' })).toBe('client');
  });

  it('reads k6 codes, with the message apart or behind the number, and k6’s copies of an HTTP status', () => {
    expect(failed('k6:1000', { message: 'unexpected EOF' })).toBe('reset');
    expect(failed('k6:1000 http: server closed idle connection')).toBe('reset');
    expect(failed('k6:1000')).toBe('other');
    expect(failed('k6:1211')).toBe('timeout');
    expect(failed('k6:1701')).toBe('protocol');
    expect(failed('k6:1503')).toBe('http_5xx_lb');
    expect(failed('k6:1500', { status: 500, target: 's1' })).toBe('http_5xx_app');
    expect(failed('k6:1404', { target: 's1' })).toBe('http_4xx');
    expect(failed('k6:1110')).toBe('client');
    expect(failed('k6:10500')).toBe('other');
  });

  it('reads Java class names as JMeter writes them', () => {
    expect(failed('Non HTTP response code: java.net.SocketTimeoutException')).toBe('timeout');
    expect(failed('org.apache.http.conn.HttpHostConnectException')).toBe('refused');
    expect(failed('javax.net.ssl.SSLHandshakeException')).toBe('tls');
    expect(failed('java.net.BindException')).toBe('client');
    expect(failed('java.net.UnknownHostException')).toBe('dns');
    expect(failed('java.lang.IllegalStateException')).toBe('other');
  });

  it('lets a code it has never seen count as a failure', () => {
    const outcome = classifyOutcome({ ...WHOLE, status: null, code: 'ESOMETHINGNEW' }, RULES);
    expect(outcome).toEqual({ class: 'other', origin: 'unknown', admissible: true, failed: true, forgeable: false });
  });

  it('never takes nothing for a success', () => {
    const outcome = classifyOutcome({ ...WHOLE, status: null }, RULES);
    expect(outcome).toMatchObject({ class: 'aborted', admissible: false, failed: false });
  });

  it('says who wrote a 5xx: stamp, then signature, then the missing stamp', () => {
    const origin = (more: Partial<RawOutcome>, stampCoverage = 1) =>
      classifyOutcome({ ...WHOLE, status: 502, target: null, ...more }, { ...RULES, stampCoverage }).origin;
    expect(origin({ target: 's1', server: 'awselb/2.0' })).toBe('app');
    expect(origin({ target: 'not-one-of-ours' })).toBe('app');
    expect(origin({ statusText: 'BAD_GATEWAY' }, 0)).toBe('lb');
    expect(origin({}, 0.99)).toBe('lb');
    expect(origin({}, 0.98)).toBe('unknown');
  });

  it('never counts an outcome as failed that it does not admit, and knows ok only from a status asked for', () => {
    const raw = fc.record<RawOutcome>({
      code: fc.oneof(
        fc.constant(null),
        fc.constantFrom('ECONNRESET', 'EMFILE', 'EAI_AGAIN', 'k6:1503', 'x'),
        fc.string(),
      ),
      phase: fc.constantFrom(...ERROR_PHASES),
      status: fc.oneof(fc.constant(null), fc.integer({ min: 0, max: 65_535 })),
      statusText: fc.oneof(fc.constant(null), fc.string()),
      server: fc.oneof(fc.constant(null), fc.string()),
      complete: fc.boolean(),
      bodyOk: fc.constantFrom(null, true, false),
      target: fc.constantFrom(null, 's1'),
    });
    fc.assert(
      fc.property(raw, fc.constantFrom('unknown' as const, 'fail' as const), (one, dns) => {
        const outcome = classifyOutcome(one, { ...RULES, dns });
        expect(outcome.failed).toBe(outcome.admissible && outcome.class !== 'ok');
        const asked = one.status !== null && one.status >= 200 && one.status <= 399;
        if (outcome.class === 'ok')
          expect(asked && one.complete && one.bodyOk !== false && one.code === null).toBe(true);
      }),
    );
  });
});

describe('classifySamples', () => {
  const classesOf = (rows: readonly SampleRow[], rules = RULES): string[] => {
    const columns = classifySamples(sampleTable(rows), rules);
    return [...columns.class].map((code, row) => {
      const marks = [
        columns.admissible[row] ? 'counts' : 'unknown',
        columns.failed[row] ? 'failed' : '',
        columns.forgeable[row] ? 'forgeable' : '',
      ];
      return [SAMPLE_CLASSES[code], ORIGINS[columns.origin[row]!], ...marks].filter((word) => word !== '').join(' ');
    });
  };

  it('judges each row by its own facts', () => {
    const ended = { sentAt: 1, endedAt: 2 };
    expect(
      classesOf([
        { ...ended, status: 200, target: 's1' },
        { ...ended, status: 503 },
        { ...ended, status: 503, target: 'other-name' },
        { ...ended, status: 502, server: 'awselb/2.0' },
        { ...ended, status: 200, target: 's1', bodyOk: 0 },
        { ...ended, status: 200, target: 's1', bodyOk: 1 },
        { ...ended, error: 'ECONNRESET', errorPhase: 'headers' },
        { ...ended, error: 'ECONNRESET', errorPhase: 'body', status: 200 },
        { ...ended, error: ENGINE_ERRORS.timeout, errorPhase: 'headers' },
        { ...ended, error: 'ENOTFOUND', errorPhase: 'dns' },
        { error: ENGINE_ERRORS.dropped },
      ]),
    ).toEqual([
      'ok app counts',
      'http_5xx_lb lb counts failed',
      'http_5xx_app app counts failed',
      'http_5xx_lb lb counts failed',
      'assertion app counts failed',
      'ok app counts',
      'reset path counts failed',
      'truncated path counts failed',
      'timeout unknown counts failed forgeable',
      'dns unknown unknown',
      'dropped client unknown',
    ]);
  });

  it('sees the balancer’s own words where stamps are rare', () => {
    const rows: SampleRow[] = [
      { sentAt: 1, endedAt: 2, status: 504, statusText: 'GATEWAY_TIMEOUT' },
      { sentAt: 1, endedAt: 2, status: 504, statusText: 'Gateway Timeout' },
    ];
    expect(classesOf(rows, { ...RULES, stampCoverage: 0 })).toEqual([
      'http_5xx_lb lb counts failed',
      'http_5xx unknown counts failed',
    ]);
  });

  it('takes a row without times for what did not happen, never for a success', () => {
    expect(classesOf([{ status: 200 }, { sentAt: 1, status: 200 }, { sentAt: 1, endedAt: 2 }])).toEqual([
      'dropped client unknown',
      'aborted client unknown',
      'aborted client unknown',
    ]);
  });

  it('agrees with classifyOutcome on every row, whatever came before it', () => {
    const row = fc.record({
      status: fc.constantFrom(0, 200, 302, 404, 500, 503, 60_000),
      error: fc.constantFrom(undefined, 'ECONNRESET', 'k6:1503', 'EMFILE'),
      errorPhase: fc.constantFrom(...ERROR_PHASES),
      bodyOk: fc.constantFrom(0 as const, 1 as const, 2 as const),
      target: fc.constantFrom(null, 's1', 's2'),
      statusText: fc.constantFrom('OK', 'BAD_GATEWAY'),
      server: fc.constantFrom('nginx', 'awselb/2.0'),
    });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 30 }), fc.constantFrom(0, 1), (rows, stampCoverage) => {
        const rules = { ...RULES, stampCoverage };
        const table = sampleTable(
          rows.map(({ error, ...rest }) => ({
            sentAt: 1,
            endedAt: 2,
            ...rest,
            ...(error === undefined ? {} : { error }),
          })),
        );
        const columns = classifySamples(table, rules);
        for (const [i, one] of rows.entries()) {
          const expected = classifyOutcome(
            {
              code: one.error ?? null,
              phase: one.errorPhase,
              status: one.status === 0 ? null : one.status,
              statusText: one.statusText,
              server: one.server,
              complete: true,
              bodyOk: one.bodyOk === 2 ? null : one.bodyOk === 1,
              target: one.target,
            },
            rules,
          );
          expect(SAMPLE_CLASSES[columns.class[i]!]).toBe(expected.class);
          expect(ORIGINS[columns.origin[i]!]).toBe(expected.origin);
          expect([columns.admissible[i], columns.failed[i], columns.forgeable[i]].map(Boolean)).toEqual([
            expected.admissible,
            expected.failed,
            expected.forgeable,
          ]);
        }
      }),
    );
  });
});
