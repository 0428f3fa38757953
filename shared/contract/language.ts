import { z } from 'zod';

/** BCP-47 tag in canonical case (`en`, `pt-BR`, `zh-Hans`). Engines' own codes are mapped by config/languages.json. */
export const Language = z
  .string()
  .regex(/^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$/, 'not a BCP-47 language tag such as en or pt-BR');
export type Language = string;
