const MAX_CAUSES = 3;

/**
 * Returns the messages of an error and of at most three causes in one line, without control characters. Replaces the
 * given secrets with `***`.
 *
 * @param secrets Texts that must not be printed. For example, a database client may quote its URL in a message
 */
export function errorText(error: unknown, secrets: readonly string[]): string {
  const messages: string[] = [];
  for (let next: unknown = error; next !== undefined && messages.length <= MAX_CAUSES; next = causeOf(next)) {
    messages.push(messageOf(next));
  }
  // Longer secrets come first, because a short secret may be part of a longer one. The secrets may contain line breaks, so they
  // are replaced before the lines are joined.
  return secrets
    .filter((secret) => secret.trim() !== '')
    .toSorted((one, other) => other.length - one.length)
    .reduce((shown, secret) => shown.replaceAll(secret, '***'), messages.join(': '))
    .replaceAll(/[\s\p{Cc}]+/gu, ' ');
}

/**
 * Returns the secrets in a URL: the URL itself, its percent-encoded password, and its decoded password. If the text is not a URL,
 * returns only the text.
 */
export function secretsOf(url: string | undefined): string[] {
  if (!url) return [];
  if (!URL.canParse(url)) return [url];
  const { password } = new URL(url);
  return [url, password, decoded(password)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? (error.cause ?? undefined) : undefined;
}

/** If several connection attempts failed, the error has a code but no message. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || ('code' in error ? String(error.code) : error.name);
}
