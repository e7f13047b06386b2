import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { RollproofError } from '../../domain/errors.js';
import type { TlsSettings } from '../../domain/scenario.js';

/** The texts of the files `traffic.tls` names, PEM; null = not given (of `ca`: the system's are trusted). */
export interface TlsMaterial {
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
  readonly passphrase: string | null;
}

export const NO_MATERIAL: TlsMaterial = { ca: null, cert: null, key: null, passphrase: null };

/**
 * Reads the files and sees whether they fit together, before anything is sent.
 * @throws RollproofError SCENARIO_INVALID: a file that cannot be read or is no PEM, a key of another certificate, a wrong passphrase.
 */
export async function tlsMaterial(tls: TlsSettings): Promise<TlsMaterial> {
  const [ca, cert, key] = await Promise.all([
    textOf('ca', tls.caFile),
    textOf('cert', tls.certFile ?? null),
    textOf('key', tls.keyFile ?? null),
  ]);
  if ((cert === null) !== (key === null)) throw invalid('cert and key belong together', undefined);
  const material = { ca, cert, key, passphrase: tls.keyPassphrase ?? null };
  try {
    createSecureContext(contextOptions(material));
  } catch (cause) {
    // OpenSSL's own words name no secret.
    throw invalid(`the certificate, its key and its passphrase do not fit: ${(cause as Error).message}`, cause);
  }
  return material;
}

/** The same as Node's TLS wants it. */
export function contextOptions({ ca, cert, key, passphrase }: TlsMaterial): SecureContextOptions {
  return {
    ...(ca === null ? {} : { ca }),
    ...(cert === null || key === null ? {} : { cert, key }),
    ...(passphrase === null ? {} : { passphrase }),
  };
}

async function textOf(what: string, path: string | null): Promise<string | null> {
  if (path === null) return null;
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw invalid(`cannot read ${what} (${path})`, cause);
  }
}

function invalid(message: string, cause: unknown): RollproofError {
  return new RollproofError('SCENARIO_INVALID', `traffic.tls: ${message}`, {
    cause,
    hint: 'Correct traffic.tls; nothing was sent.',
  });
}
