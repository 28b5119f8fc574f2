/** Unverified data from a request. */
export interface Claims {
  keyId?: unknown;
  /** The attestation object of a registration. */
  attestation?: unknown;
  /** The evidence and the client data. Present only with the option `capsules`. */
  evidence?: ClaimedEvidence;
}

/** Evidence as the client sent it. Well-formed evidence is text or bytes. */
export interface ClaimedEvidence {
  readonly kind: 'attestation' | 'assertion';
  readonly object: unknown;
  readonly clientData: unknown;
}
