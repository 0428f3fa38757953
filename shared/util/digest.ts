import { createHash } from 'node:crypto';
import type { Digest, Fingerprint } from '../contract/ids.ts';
import { canonicalJson } from './canonical-json.ts';

export const sha256Hex = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');
export const digestOf = (data: string | Uint8Array): Digest => `sha256:${sha256Hex(data)}` as Digest;
/** Digest of the canonical JSON of a value. */
export const digestOfJson = (value: unknown): Digest => digestOf(canonicalJson(value));
export const fingerprintOf = (key: unknown): Fingerprint => sha256Hex(canonicalJson(key)) as Fingerprint;
