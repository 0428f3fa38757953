/**
 * What a recogniser heard, on one line. A lone "You" is what small English recognisers answer to noise and silence; it counts as nothing,
 * and so does a text without a letter or digit.
 */
export function heardText(reply: string): string {
  const text = reply.trim().replace(/\s+/g, ' ');
  const letters = text.replace(/[^\p{L}\p{M}\p{N}]/gu, '').toLowerCase();
  return letters === '' || letters === 'you' ? '' : text;
}
