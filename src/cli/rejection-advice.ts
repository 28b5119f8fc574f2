/** What to do about rejections that the evidence alone does not explain. */
const ADVICE: Readonly<Record<string, string>> = {
  request_mismatch:
    'The body or the target that arrived is not the signed one. Often, JSON was parsed and written again ' +
    'after the app had hashed it. Send the text that was hashed, byte by byte, and let no proxy change it.',
  challenge_unknown:
    'The store does not have the challenge. The servers may not share a store, or the challenge was issued for another purpose or ' +
    'user, or the app sent another text.',
  challenge_expired: 'Request the challenge just before the request, or increase challengeTtl.',
  challenge_used:
    'Another request with this challenge arrived before. The app must request a new challenge for each attempt.',
  key_unknown: 'The app must register its key first. After each installation, it must create and register a new key.',
};

/** Returns what to do about a rejection. Returns `undefined` for codes that an explanation of the evidence covers. */
export function adviceFor(code: string): string | undefined {
  return Object.hasOwn(ADVICE, code) ? ADVICE[code] : undefined;
}
