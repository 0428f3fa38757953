/** Tokens that must never reach a log: Hugging Face, OpenAI-style, GitHub, AWS keys, signed URLs, passwords in URLs, bearer headers. */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/\b(hf|sk|ghp|gho|ghs|github_pat)([_-])[A-Za-z0-9_-]{8,}/g, '$1$2[redacted]'],
  [/\b(AKIA|ASIA)[A-Z0-9]{12,}/g, '$1[redacted]'],
  [/\b(aws_secret_access_key|aws_session_token)(["']?\s*[=:]\s*["']?)[^\s"'&]+/gi, '$1$2[redacted]'],
  [/\b(X-Amz-(?:Signature|Credential|Security-Token)=)[^\s&"']+/gi, '$1[redacted]'],
  [/\b(Authorization:\s*\w+\s+|Bearer\s+)[A-Za-z0-9._~+/=-]{8,}/gi, '$1[redacted]'],
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@:]*:[^\s/@]+@/gi, '$1[redacted]@'],
];

// Control characters, and the marks that turn text around: a log line must not drive the terminal that shows it.
const UNSAFE = /(?!\t)[\p{Cc}\p{Bidi_Control}]/gu;

const writeOut = (character: string): string => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;

/** A line as it may be kept and shown: tokens redacted, control characters written out. */
export function cleanLogLine(line: string): string {
  const redacted = SECRETS.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), line);
  return redacted.replace(UNSAFE, writeOut);
}
