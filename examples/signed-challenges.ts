import { type Stores, signedChallenges } from 'app-attest/server';

/** Replaces stored challenges with signed challenges. `secret` is random text of at least 32 bytes, the same on all servers. */
export function withSignedChallenges({ challenges: used, keys }: Stores, secret: string, previousSecret?: string) {
  const secrets = previousSecret === undefined ? [secret] : [secret, previousSecret];
  return { challenges: signedChallenges({ secrets, used }), keys };
}
