import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import { Failure } from '../../contract/failure.ts';
import { errorCode } from '../../store/disk-failure.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** In the order in which they are read. */
const VARIABLES = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE'] as const;

/**
 * Whom downloads trust: the authorities that Node brings, those of the system, and the file that each of NODE_EXTRA_CA_CERTS and SSL_CERT_FILE
 * names. Made once for all connections, since reading some hundred certificates takes 50 ms. Throws ERR_CONFIG_INVALID naming a file
 * that cannot be read.
 */
export function trustedCertificates(env: Environment): tls.SecureContext {
  const own = VARIABLES.flatMap((variable) => {
    const path = env[variable];
    return path === undefined || path === '' ? [] : [readCertificates(path, variable)];
  });
  return tls.createSecureContext({ ca: [...tls.getCACertificates('default'), ...systemCertificates(), ...own] });
}

function systemCertificates(): readonly string[] {
  try {
    return tls.getCACertificates('system');
  } catch {
    // A system that has no store of its own; the others stand.
    return [];
  }
}

function readCertificates(path: string, variable: string): string {
  const refuse = (why: string): Failure =>
    new Failure('ERR_CONFIG_INVALID', `The certificates that ${variable} names cannot be used.`, {
      why: `${path}: ${why}`,
      safe: 'Nothing was fetched.',
      fix: [`unset ${variable}`],
    });
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw refuse(errorCode(error) === 'ENOENT' ? 'there is no such file.' : `it cannot be read (${errorCode(error)}).`);
  }
  if (!text.includes('-----BEGIN CERTIFICATE-----')) throw refuse('it has no certificate in PEM form.');
  return text;
}
