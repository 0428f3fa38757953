import type { z } from 'zod';
import { align } from './align.ts';
import { asr } from './asr.ts';
import { synthesize } from './synthesize.ts';
import { translate } from './translate.ts';
import { vad } from './vad.ts';

/**
 * What an engine of a role is asked and must answer. A worker's `result` carries the reply without its files; each entry of its `files`
 * becomes the ObjectRef of the same name in the reply.
 */
export const ROLES = { vad, asr, align, translate, synthesize } as const;
export type Role = keyof typeof ROLES;
export type RoleRequest<R extends Role> = z.output<(typeof ROLES)[R]['request']>;
export type RoleReply<R extends Role> = z.output<(typeof ROLES)[R]['reply']>;
export const ROLE_NAMES = Object.keys(ROLES) as readonly Role[];
/** Enters task keys: a change of a role's request or reply makes old replies useless. */
export const ROLE_VERSION = 1;
