import { AppAttestError } from '../errors.js';
import type { ChallengePurpose } from './challenge-store.js';

/** @throws AppAttestError `invalid_argument` */
export function readPurpose(purpose: unknown): ChallengePurpose {
  if (purpose === 'attestation' || purpose === 'assertion') return purpose;
  throw new AppAttestError('invalid_argument', "purpose must be 'attestation' or 'assertion'");
}
