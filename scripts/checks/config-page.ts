import config from '../../config/default.json' with { type: 'json' };
import { resolveSettings } from '../../shared/util/settings.ts';

/** `section.name` -> what it is, for docs/config.md. A setting without a sentence here does not pass. */
const MEANINGS: Readonly<Record<string, string>> = {
  'roots.state':
    'Leases and remembered file digests, in SQLite. A local disk only. May be lost: it costs no recomputation.',
  'roots.objects': 'What stages made, by the sha256 of the content.',
  'roots.records':
    'One small file for each finished stage, by the fingerprint of its key. Together with `objects` this is the finished work.',
  'roots.tasks':
    'Answers of engines by their key. May be deleted at any time; what it held is then computed again when it is needed.',
  'roots.scratch': 'Private folders of running stages and workers; empty when nothing runs.',
  'roots.models':
    'Downloaded models. Several are separated by `:`; the first that has a model is used, only the first is written, the others may be read-only.',
  'roots.environments': "The engines' Python environments and uv.",
  'roots.local':
    'What this machine or you added to the configuration: `models/*.json` (`babelreel models add`) and `models.lock.json`.',
  'models.onMissing':
    'What a run does when a model it needs is not there: `ask` on a terminal, `download` unasked, or `refuse`.',
  'models.endpoints':
    'Hubs to fetch from, separated by commas, mirrors first. Empty: `HF_ENDPOINT`, else https://huggingface.co.',
  'models.quotaGB':
    'Gigabytes the model store may hold, for reports and for the check before a download. 0: what the disk has.',
  'roots.packages': 'Caches of uv and pip, and the compile cache of Node.',
  'roots.in': 'Where the demo film is made. A film of your own may lie anywhere.',
  'roots.out': 'One folder for each job: its manifest, events, logs, report and the delivered files.',
  'limits.cpus': 'Slots for work that computes. 0: as many as the machine has.',
  'limits.ramMiB': 'MiB that engine processes may hold together. 0: three quarters of the memory.',
  'timeouts.workerHello': 'Seconds for an engine process to start and greet.',
  'timeouts.workerLoad': 'Seconds for it to load its models.',
  'timeouts.workerBeat': 'Seconds without any sign of life after which it is killed.',
  'timeouts.workerProgress': 'Seconds of work on a request without progress after which it is killed.',
  'timeouts.cancel': 'Seconds for it to end when it is told to; then it is killed.',
  'timeouts.stall':
    'Seconds in which stages are open, nothing runs and nothing happens, after which the run ends as a bug.',
};

/** Variables that are no settings. */
const OTHERS: readonly (readonly [name: string, meaning: string])[] = [
  ['BABELREEL_UV', 'Path of the uv to use; `none` hides every uv, and pip does the work.'],
  ['BABELREEL_PYTHON', 'A Python to try first when an environment is made.'],
  ['BABELREEL_TEST_FULL', '`1`: the long forms of tests; `./test.sh --full` sets it.'],
  ['HF_TOKEN, HF_TOKEN_PATH, HF_HOME', 'Where the token for gated models is found; only the downloader sees it.'],
  ['HF_ENDPOINT', 'The hub to fetch models from, where `models.endpoints` is empty.'],
  [
    'https_proxy, http_proxy, no_proxy, SSL_CERT_FILE, NODE_EXTRA_CA_CERTS',
    'How to reach a hub: proxies, and files with certificates to trust besides those built in.',
  ],
  ['NO_COLOR', 'Anything but empty: no colours on the screen.'],
  [
    'https_proxy, SSL_CERT_FILE, UV_DEFAULT_INDEX, UV_FIND_LINKS, PIP_INDEX_URL, …',
    'How to reach a package index: uv and pip get them while they install, engines never (`shared/environment/installer-variables.ts`).',
  ],
];

/** Values that a variable takes where it does not take any number. */
export const TRIALS: Readonly<Record<string, string>> = {
  BABELREEL_MODELS_ON_MISSING: 'download',
  BABELREEL_MODELS_ENDPOINTS: 'http://127.0.0.1',
  // Only the usual value of another setting, which has a variable of its own.
  HF_ENDPOINT: '',
};

type Env = Readonly<Record<string, string | undefined>>;

function flatSettings(env: Env): ReadonlyMap<string, string> {
  const settings = Object.entries(resolveSettings(config, env, '/'));
  return new Map(
    settings.flatMap(([section, values]) =>
      Object.entries(values as object).map(([name, value]): [string, string] => [
        `${section}.${name}`,
        JSON.stringify(value),
      ]),
    ),
  );
}

/** `section.name` -> its variable, found by trying which variable changes what: the page cannot name one that the code does not read. */
export function settingVariables(): ReadonlyMap<string, string> {
  const names: string[] = [];
  const listening = new Proxy<Record<string, string | undefined>>(
    {},
    { get: (_, name) => void names.push(String(name)) },
  );
  const usual = flatSettings(listening);
  const found = [...new Set(names)].flatMap((name) => {
    const changed = flatSettings({ [name]: TRIALS[name] ?? '86399' });
    return [...usual]
      .filter(([path, value]) => changed.get(path) !== value)
      .map(([path]): [string, string] => [path, name]);
  });
  return new Map(found);
}

/** Every variable of babelreel's own. */
export const knownVariables = (): ReadonlySet<string> =>
  new Set([
    ...settingVariables().values(),
    ...OTHERS.map(([name]) => name).filter((name) => name.startsWith('BABELREEL_')),
  ]);

/** docs/config.md, from config/default.json. Throws for a setting that nobody can set or explain. */
export function configPage(): string {
  const { schema: _, ...sections } = config;
  const variables = settingVariables();
  const rows = Object.entries(sections).flatMap(([section, values]) =>
    Object.entries(values).map(([name, value]: [string, unknown]) => {
      const path = `${section}.${name}`;
      const variable = variables.get(path);
      const meaning = MEANINGS[path];
      if (variable === undefined) throw new Error(`no variable sets ${path} of config/default.json`);
      if (meaning === undefined) throw new Error(`scripts/checks/config-page.ts does not say what ${path} is`);
      return `| \`${path}\` | \`${variable}\` | \`${[value].flat().join(':')}\` | ${meaning} |`;
    }),
  );
  return [
    '# Settings',
    '',
    'Generated from `config/default.json` and `shared/util/settings.ts` by `npm run generate`.',
    '',
    'A setting is a line of `config/default.json`, or the variable beside it, which wins. A folder can also be given to any command as',
    '`--root NAME=PATH`, for instance `--root out=/mnt/films`, which wins over both. Relative paths are relative to the project folder.',
    'A setting says where and how much, never what comes out: none is part of a key, so finished work stays finished.',
    '',
    '| setting | variable | default | meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
    '```bash',
    '# leave the other cores alone',
    'BABELREEL_LIMITS_CPUS=2 ./run-pipeline.sh -j 20261201-movie-001',
    '```',
    '',
    '## Other variables',
    '',
    '| variable | meaning |',
    '|---|---|',
    ...OTHERS.map(([name, meaning]) => `| \`${name}\` | ${meaning} |`),
    '',
    'An engine process inherits no variable at all: it is born with a list of its own (`shared/environment/variables.ts`).',
    '',
  ].join('\n');
}
