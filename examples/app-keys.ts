import { AppAttest } from '@capgo/capacitor-app-attest';
import { fetchChallenge, postJson, signedFetch } from './app.js';

/** Sends a protected request. If the stored key cannot be used, creates and registers a key, at most once per call. */
export async function attestedFetch(method: string, target: string, body?: string): Promise<Response> {
  const send = () => signedFetch(method, target, body);
  const { keyId } = await AppAttest.getStoredKeyId();
  if (!keyId) return registerNewKey().then(send);
  try {
    const response = await send();
    switch (await codeOf(response)) {
      case 'key_unknown': // the registration did not arrive, or the server deleted the key
        await register(keyId);
        return send();
      case 'challenge_unknown':
      case 'challenge_expired':
      case 'challenge_used':
      case 'counter_not_increased':
        return send(); // with a new challenge
      case 'key_revoked':
      case 'key_already_registered': // the key belongs to another user of this device
        return registerNewKey().then(send);
      default:
        return response;
    }
  } catch (error) {
    if (!isUnusable(error)) throw error; // for example, no network: try again later with the same key
    return registerNewKey().then(send);
  }
}

/** Stores the key identifier before the registration. If the response is lost, the next request uses this key. */
async function registerNewKey(): Promise<void> {
  const { keyId } = await AppAttest.prepare();
  await AppAttest.storeKeyId({ keyId });
  await register(keyId);
}

async function register(keyId: string): Promise<void> {
  const challenge = await fetchChallenge('attestation');
  await postJson('/app-attest/registration', await AppAttest.createAttestation({ keyId, challenge }));
}

/** Whether the device lost the key (`DCError.invalidKey`, number 3) or the key belongs to another user (status 409). */
function isUnusable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return /com\.apple\.devicecheck\.error\D+3\b|invalidKey|: 409$/.test(
    `${Reflect.get(error, 'code')} ${error.message}`,
  );
}

async function codeOf(response: Response): Promise<string | undefined> {
  if (![401, 403, 409].includes(response.status)) return undefined;
  const { error } = JSON.parse(await response.clone().text());
  return error;
}
