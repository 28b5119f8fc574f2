/** What a client sent, for the decision about its request. None of it is verified. */
export interface Claims {
  keyId?: unknown;
  /** The attestation object of a registration. */
  attestation?: unknown;
  /** The evidence with what the app signed. Kept only for a capsule. */
  evidence?: ClaimedEvidence;
}

/** Evidence as the client sent it, text or bytes if it is well-formed. */
export interface ClaimedEvidence {
  readonly kind: 'attestation' | 'assertion';
  readonly object: unknown;
  readonly clientData: unknown;
}
