import apple from '../../fixtures/apple-guide-2026.json' with { type: 'json' };
import { EMPTY_FORM, type FormValues } from './form-values.js';

/** An example for users who have no evidence of their own. */
export interface Example {
  readonly name: string;
  readonly form: FormValues;
}

const sample: FormValues = {
  ...EMPTY_FORM,
  evidence: apple.attestation.object,
  appId: apple.appId,
  clientData: 'example_server_challenge',
  clientDataForm: 'raw',
  keyId: apple.keyId,
  date: apple.attestation.validAt,
};

/** The length of a database column that is too short for the evidence. It cuts off the evidence inside the receipt. */
const COLUMN = 4096;

export const examples: readonly Example[] = [
  { name: "Apple's sample", form: sample },
  {
    name: 'Broken: hashed challenge, other app',
    form: { ...sample, clientDataForm: 'sha256', appId: '1234567890.com.example.myapp.dev' },
  },
  {
    name: 'Broken: cut off in the database',
    form: { ...sample, evidence: JSON.stringify({ token: sample.evidence.slice(0, COLUMN) }), date: '' },
  },
];
