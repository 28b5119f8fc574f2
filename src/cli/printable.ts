/** Characters that control a terminal, change the direction of text or are invisible. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * Replaces unprintable characters with `\u` escapes, also in JSON. Evidence comes from a client, so it may contain text that
 * would change the terminal or forge lines of the output.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    return Buffer.from(character, 'utf16le').swap16().toString('hex').replace(/..../g, '\\u$&');
  });
}
