import type { Command } from 'commander';
import type { ScenarioOverride } from '../config/overrides.js';
import { RollproofError } from '../domain/errors.js';

const SOURCE = '--resolve';

/**
 * `--resolve host:address,address`, as often as wanted, laid over `traffic.resolve`: these hosts are asked there, others as
 * the scenario says. Addresses are judged with the scenario. @throws RollproofError ARGUMENT_INVALID for another form.
 */
export function resolveOverrides(given: readonly string[] = []): readonly ScenarioOverride[] {
  const byHost = new Map<string, string[]>();
  for (const text of given) {
    const at = text.indexOf(':');
    const host = text.slice(0, Math.max(0, at)).toLowerCase();
    const addresses = text.slice(at + 1).split(',');
    if (!/^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/.test(host) || addresses.some((address) => address.trim() === ''))
      throw new RollproofError('ARGUMENT_INVALID', `--resolve: ${JSON.stringify(text)} is not host:address,address`, {
        hint: 'write --resolve shop.example.com:10.0.0.1,10.0.0.2:8080 (IPv6 with a port: [2001:db8::1]:443)',
      });
    byHost.set(host, [...(byHost.get(host) ?? []), ...addresses.map((address) => address.trim())]);
  }
  return [...byHost].map(([host, addresses]) => ({
    path: `traffic.resolve.${host}`,
    keys: ['traffic', 'resolve', host],
    text: JSON.stringify(addresses),
    source: SOURCE,
  }));
}

/** Of every command that sends traffic. */
export interface ResolveOptions {
  readonly resolve?: readonly string[];
}

/** `--resolve` for a command; given more than once it adds up. */
export function withResolve(command: Command): Command {
  return command.option(
    '--resolve <host:address,...>',
    'where to find a host of the traffic, instead of DNS; all addresses are used, may be repeated',
    (text: string, before: readonly string[] | undefined) => [...(before ?? []), text],
  );
}

/** The same options to be typed again. */
export function resolveArguments({ resolve = [] }: ResolveOptions): readonly string[] {
  return resolve.flatMap((text) => ['--resolve', text]);
}
