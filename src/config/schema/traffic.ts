import { z } from 'zod';
import { amount, count, duration, flag, optionalText, orOff, rate, seed, someText, someTime, text } from './fields.js';

const longLane = z.strictObject({
  rate: rate().prefault('5/s').meta({ description: 'Arrivals per second of long requests.' }),
  path: someText('write a path such as /hold?ms={ms}').meta({
    description: 'Path and query of a request the service holds open; {ms} becomes the drawn time.',
    example: '/hold?ms={ms}',
  }),
  minHold: duration().prefault('1s').meta({ description: 'Shortest time a long request is held open.' }),
  maxHold: someTime()
    .prefault('3s')
    .meta({ description: 'Longest time a long request is held open; must be below timeout.' }),
});

const tlsSchema = z.strictObject({
  ca: optionalText().meta({
    description: 'File with the CA certificates to trust, relative to the file this is written in.',
  }),
  serverName: optionalText().meta({ description: 'Name the certificate must be for, if not that of the URL.' }),
  insecure: flag().prefault('false').meta({ description: 'Accept any certificate.' }),
  cert: optionalText().meta({
    description: 'File with the client certificate and its chain (PEM), where the service asks for one.',
  }),
  key: optionalText().meta({ description: 'File with the key of the client certificate (PEM).' }),
  keyPassphraseEnv: optionalText().meta({
    description: 'Name of the environment variable that holds the passphrase of the key, if it has one.',
    example: 'CLIENT_KEY_PASSPHRASE',
  }),
});

/** `traffic:` the requests that watch the rollout. */
export const trafficSchema = z
  .strictObject({
    engine: z.enum(['embedded', 'k6', 'jmeter']).prefault('embedded').meta({
      description: 'The traffic generator; docs/traffic-engines.md says what each can see.',
    }),
    script: optionalText().meta({
      description:
        'Own k6 script instead of the built-in probe, relative to the file this is written in; needs engine k6.',
    }),
    plan: optionalText().meta({
      description:
        'Own JMX plan instead of the generated one, relative to the file this is written in; needs engine jmeter.',
    }),
    rate: rate().meta({
      description: 'Arrivals per second, e.g. 200/s or 12000/m: sent whether or not earlier ones were answered.',
      example: '200/s',
    }),
    lanes: z
      .strictObject({
        new: amount(0, 1000).prefault(1).meta({ description: 'Weight of requests on a connection of their own.' }),
        reuse: amount(0, 1000).prefault(1).meta({
          description: 'Weight of requests on kept-alive connections; 0 gives up what is said about them.',
        }),
        h2: amount(0, 1000).prefault(0).meta({
          description:
            'Weight of requests as streams on one HTTP/2 connection per address (https, engine embedded); docs/traffic-engines.md says what it cannot see.',
        }),
        long: orOff('off', longLane)
          .prefault('off')
          .meta({ description: 'Long requests that are in flight at a detach, or off.' }),
      })
      .prefault({})
      .meta({ description: 'How arrivals use connections.' }),
    timeout: someTime()
      .prefault('10s')
      .meta({ description: 'A request without a whole answer by then has failed: part of what "down" means.' }),
    warmUp: duration().prefault('5s').meta({ description: 'First stretch of traffic that is not judged.' }),
    baseline: duration()
      .prefault('20s')
      .meta({ description: 'Traffic before the first detach, to know what is normal.' }),
    settle: duration().prefault('5s').meta({ description: 'Traffic after the last step that still counts.' }),
    maxInFlight: orOff('auto', count(1, 65_000))
      .prefault('auto')
      .meta({ description: 'Requests that may be in flight at once; auto: rate × timeout.' }),
    precise: flag().prefault('false').meta({
      description:
        'Engine embedded: send within about 0.2 ms of the schedule instead of within one, for a tenth or two of a core more.',
    }),
    segments: count(1, 64).prefault(1).meta({
      description:
        'Threads (engine embedded) or processes (k6) that share the plan, each a source of its own; their union is the plan.',
    }),
    seed: seed().prefault(1).meta({ description: 'Seed of the random schedule and lanes.' }),
    tls: tlsSchema.prefault({}).meta({ description: 'TLS of the service under test.' }),
    resolve: z
      .record(z.string(), z.array(text()).min(1))
      .prefault({})
      .meta({ description: 'Addresses (ip or ip:port) to use for a host instead of DNS; all of them are used.' }),
    injectStall: orOff(
      'off',
      z.strictObject({
        at: duration().meta({ description: 'When, counted from the start of the traffic.', example: '10s' }),
        duration: someTime().meta({ description: 'How long the generator stands still.', example: '700ms' }),
      }),
    )
      .prefault('off')
      .meta({
        description: 'Self-test: stop the generator once, to see that the verdict notices. Never in a real scenario.',
      }),
  })
  .meta({ description: 'The requests that watch the rollout.' });
