import { join } from 'node:path';

/**
 * Names an installer may inherit: how to reach a package index, which certificates to trust, what a pyenv shim needs, and this program's own
 * BABELREEL_UV and BABELREEL_PYTHON.
 */
const ALLOWED =
  /^(PATH|HOME|USER|LOGNAME|LANG|TMPDIR|NETRC|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|(https?|all|no|ftp)_proxy|PYENV_\w+|BABELREEL_(UV|PYTHON)|PIP_\w+|UV_(INDEX\w*|DEFAULT_INDEX|EXTRA_INDEX_URL|FIND_LINKS|HTTP_\w+|NATIVE_TLS|SYSTEM_CERTS|INSECURE_HOST|KEYRING_PROVIDER|CONCURRENT_\w+))$/i;

/** Settings of the user's pip that would put the packages elsewhere or add others. */
const REFUSED = /^PIP_(TARGET|PREFIX|ROOT|USER|CONSTRAINT|REQUIREMENT|EDITABLE|NO_BINARY|PYTHON|LOG)$/i;

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * All variables of uv, pip and of interpreters that are only asked something.
 * @param packages root of the installers' caches
 */
export function installerVariables(env: Variables, packages: string): Record<string, string> {
  const inherited = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && ALLOWED.test(entry[0]) && !REFUSED.test(entry[0]),
  );
  return {
    ...Object.fromEntries(inherited),
    UV_CACHE_DIR: join(packages, 'uv'),
    UV_NO_CONFIG: '1',
    UV_PYTHON_DOWNLOADS: 'never',
    UV_NO_PROGRESS: '1',
    PIP_CACHE_DIR: join(packages, 'pip'),
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    PIP_NO_INPUT: '1',
    PYTHONNOUSERSITE: '1',
    ORT_DISABLE_TELEMETRY: '1',
    DO_NOT_TRACK: '1',
    LC_ALL: 'C.UTF-8',
  };
}
