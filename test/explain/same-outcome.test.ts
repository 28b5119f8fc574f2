import { describe, expect, it } from 'vitest';
import {
  AppAttestError,
  type AppAttestErrorCode,
  type Explanation,
  explainAssertion,
  explainAttestation,
  explainReceipt,
  type VerifyReceiptOptions,
  verifyAssertion,
  verifyAttestation,
  verifyReceipt,
} from '../../src/index.js';
import { Random } from '../support/random.js';
import { attestationOptions, attestationRecordings, fromBase64, recordedReceipts, recordings } from '../support/recordings.js';
