import { join } from 'node:path';
import type { KnownFile } from '../../contract/model.ts';

/**
 * Where things lie in a models root: the cache layout of huggingface_hub, so that any Python tool can read it, beside folders for what comes
 * from elsewhere. Only paths; nothing is looked at.
 */
export const hubDir = (root: string): string => join(root, 'huggingface', 'hub');

/** `models--org--name`. */
export const repoFolderName = (repo: string): string => `models--${repo.replaceAll('/', '--')}`;

export const repoDir = (root: string, repo: string): string => join(hubDir(root), repoFolderName(repo));
export const blobsDir = (root: string, repo: string): string => join(repoDir(root, repo), 'blobs');
export const snapshotDir = (root: string, repo: string, revision: string): string =>
  join(repoDir(root, repo), 'snapshots', revision);
/** The file that holds the commit a branch stands at; 40 hexadecimal digits without a line end. */
export const refPath = (root: string, repo: string, branch: string): string =>
  join(repoDir(root, repo), 'refs', branch);
/** huggingface_hub (since 1.22) knows from it which files a snapshot should have. */
export const treePath = (root: string, repo: string, revision: string): string =>
  join(repoDir(root, repo), 'trees', `${revision}.json`);

/** The name of a file's bytes under `blobs/`: git's id for a small file, sha256 for a large one, as the hub's ETag has it. */
export const blobName = (file: Pick<KnownFile, 'gitSha1' | 'sha256'>): string => file.gitSha1 ?? file.sha256;

/** Files of a user's own model that no server has. */
export const localDir = (root: string, id: string): string => join(root, 'local', id);

/** Where downloads lie until they are verified, by sha256; on the file system of the store, so that a rename publishes them. */
export const incomingDir = (root: string): string => join(root, 'incoming');
/** Bytes that came and were wrong. */
export const quarantineDir = (root: string): string => join(root, 'quarantine');
/** Folders of links for models that no source has in the layout their engine wants. */
export const assembledDir = (root: string): string => join(root, 'assembled');
