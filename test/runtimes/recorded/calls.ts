import { createPublicKey } from 'node:crypto';
import {
  AppAttestError,
  type VerifyAssertionOptions,
  type VerifyAttestationOptions,
  type VerifyReceiptOptions,
  verifyAssertion,
  verifyAttestation,
  verifyReceipt,
} from 'app-attest';
import { verifyEcdsa } from '../../../src/keys/ecdsa.js';

/** One call of a verifier. */
export type Call =
  | { verifyAttestation: VerifyAttestationOptions }
  | { verifyAssertion: VerifyAssertionOptions }
  | { verifyReceipt: VerifyReceiptOptions }
  | { verifyEcdsa: { publicKey: string; message: Uint8Array; signature: Uint8Array } };

/** The result of a call. `threw` is an error that is not an `AppAttestError`. No test expects such an error. */
export type Outcome = { accepted: unknown } | { rejected: string } | { threw: string };

async function verify(call: Call): Promise<unknown> {
  if ('verifyEcdsa' in call) {
    const { publicKey, message, signature } = call.verifyEcdsa;
    return verifyEcdsa('sha256', message, createPublicKey(publicKey), signature);
  }
  if ('verifyAttestation' in call) return verifyAttestation(call.verifyAttestation);
  if ('verifyReceipt' in call) return verifyReceipt(call.verifyReceipt);
  return verifyAssertion(call.verifyAssertion);
}

export async function outcomesOf(calls: readonly Call[]): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const call of calls) outcomes.push(await outcomeOf(call));
  return outcomes;
}

async function outcomeOf(call: Call): Promise<Outcome> {
  try {
    return { accepted: await verify(call) };
  } catch (error) {
    return error instanceof AppAttestError ? { rejected: error.code } : { threw: String(error) };
  }
}

/** JSON that preserves bytes and dates. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, name: string, plain: unknown) {
    const original = this[name];
    if (original instanceof Date) return { date: original.toISOString() };
    if (original instanceof Uint8Array) return { base64: Buffer.from(original).toString('base64') };
    return plain;
  });
}

/** Parses the output of {@link toJson}. */
export function fromJson<Value>(json: string): Value {
  return JSON.parse(json, (_name, value) => {
    if (typeof value?.date === 'string') return new Date(value.date);
    if (typeof value?.base64 === 'string') return new Uint8Array(Buffer.from(value.base64, 'base64'));
    return value;
  });
}
