/**
 * One way a server can fail or lie. Percentages are of the bytes that this answer announces. Where nothing else is said the answer is otherwise
 * the right one.
 */
export type HubLie =
  /** At most so many bytes a second. */
  | { readonly kind: 'slow'; readonly bytesPerSecond: number }
  /** Sends so much, then nothing, and keeps the connection open. */
  | { readonly kind: 'stall'; readonly atPercent: number }
  /** Sends so much, then cuts the connection. */
  | { readonly kind: 'reset'; readonly atPercent: number }
  /** Announces and sends so many bytes more than the file has; negative: fewer. */
  | { readonly kind: 'wrong-length'; readonly by: number }
  /** No Content-Length; ends after so much of the file. */
  | { readonly kind: 'short-without-length'; readonly atPercent: number }
  /** The right length, one bit of the file is another. */
  | { readonly kind: 'wrong-bytes' }
  /** Answers a Range with 200 and the whole file. */
  | { readonly kind: 'ignore-range' }
  /** Answers a Range with 206 and bytes from somewhere else, saying so. */
  | { readonly kind: 'other-range' }
  | { readonly kind: 'range-not-satisfiable' }
  /** 429 or 503 with Retry-After, in seconds. */
  | { readonly kind: 'busy'; readonly status: 429 | 503; readonly retryAfter: string }
  | { readonly kind: 'status'; readonly status: number; readonly code?: string }
  | { readonly kind: 'redirect'; readonly to: string; readonly status?: 301 | 302 | 307 | 308 }
  /** The body packed, with Content-Encoding. */
  | { readonly kind: 'gzip' }
  /** Another ETag than before, from now on. */
  | { readonly kind: 'new-etag' }
  /** Status 200 and a page that says something went wrong. */
  | { readonly kind: 'error-page' };

export const ERROR_PAGE = Buffer.from(
  '<!doctype html>\n<html><head><title>502 Bad Gateway</title></head><body>Something went wrong.</body></html>\n',
);
