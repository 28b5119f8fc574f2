const MAX_CAUSES = 3;

/**
 * The messages of an error and its causes in one line, without the given secrets.
 *
 * @param secrets Texts that must not be printed. Clients of databases may quote the URL that they were given
 */
export function errorText(error: unknown, secrets: readonly string[]): string {
  const messages: string[] = [];
  for (let next: unknown = error; next !== undefined && messages.length <= MAX_CAUSES; next = causeOf(next)) {
    messages.push(messageOf(next));
  }
  const text = messages.join(': ').replaceAll(/\s+/g, ' ');
  return secrets.filter((secret) => secret !== '').reduce((shown, secret) => shown.replaceAll(secret, '***'), text);
}

/** A URL, and the password in it, as text and decoded. */
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

/** An error of several connections has no message, but a code. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || ('code' in error ? String(error.code) : error.name);
}
