/** Branded strings: a plain string never passes for one of these by accident. Nothing here imports a schema library. */
declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** `sha256:` and 64 lower-case hex digits: the digest of the bytes of one file. */
export type Digest = Branded<'Digest'>;
/** 64 hex digits: sha256 of the canonical JSON of a stage key or task key. */
export type Fingerprint = Branded<'Fingerprint'>;
/** Name of the folder `out/<id>`. */
export type JobId = Branded<'JobId'>;
/** `<stage>` or `<stage>.<BCP-47>`. */
export type StageInstance = string;
/** `role/name`. */
export type EngineId = string;
/** `<instance>.<port>`; the port is what follows the last dot. `media.file` is the film itself. */
export type PortReference = string;

export const ID_PATTERN = /^[a-z0-9][a-z0-9_-]{0,63}$/;
export const DIGEST_PATTERN = /^sha256:[0-9a-f]{64}$/;

/** Windows device names: a job folder of that name could not be copied to such a machine. */
const DEVICE_NAMES = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])$/;

export const isJobId = (text: string): text is JobId => ID_PATTERN.test(text) && !DEVICE_NAMES.test(text);
export const isDigest = (text: string): text is Digest => DIGEST_PATTERN.test(text);

/** Splits `translate.es.utterances` into `translate.es` and `utterances`. */
export function splitPortReference(reference: PortReference): {
  readonly instance: StageInstance;
  readonly port: string;
} {
  const dot = reference.lastIndexOf('.');
  return { instance: reference.slice(0, dot), port: reference.slice(dot + 1) };
}

/** The input port that stands for the film: its digest is the manifest's `media.digest`. */
export const MEDIA_PORT: PortReference = 'media.file';
