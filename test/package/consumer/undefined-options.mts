/** Under `exactOptionalPropertyTypes`, an option may be `undefined` only if its absence weakens no check. */
import { type ExtensionPolicy, refreshReceipt, verifyAssertion, verifyAttestation, verifyReceipt } from 'app-attest';
import { httpHandlers } from 'app-attest/http';
import { postgresStores, type Queryable } from 'app-attest/postgres';
import { type RedisClient, redisStores } from 'app-attest/redis';
import { type AppAttest, createAppAttest } from 'app-attest/server';
import { type SqliteDatabase, sqliteStores } from 'app-attest/sqlite';
import { createVirtualApple } from 'app-attest/testing';

const appId = 'TEAMID1234.com.example.app';
const credentials = { teamId: 'TEAMID1234', keyId: 'ABC123DEFG', privateKey: '' };

export function accepted(
  appAttest: AppAttest,
  client: RedisClient,
  pool: Queryable,
  database: SqliteDatabase,
): unknown[] {
  const attestation = { attestation: '', keyId: '', challenge: '', appId };
  return [
    verifyAttestation({ ...attestation, environment: undefined, date: undefined, trustAnchors: undefined }),
    verifyReceipt({ receipt: '', appId, environment: undefined, date: undefined, trustAnchors: undefined }),
    refreshReceipt({
      receipt: '',
      environment: 'production',
      credentials,
      fetch: undefined,
      endpoint: undefined,
      signal: undefined,
      timeout: undefined,
    }),
    createAppAttest({
      appId,
      environment: undefined,
      challengeTtl: undefined,
      counterWindow: undefined,
      trustAnchors: undefined,
      receiptTrustAnchors: undefined,
      now: undefined,
    }),
    httpHandlers(appAttest, { bodyLimit: undefined, bodyTimeout: undefined, onDecision: undefined }),
    appAttest.keysOf('user', { limit: undefined, after: undefined }),
    appAttest.refreshReceipts({
      credentials,
      limit: undefined,
      concurrency: undefined,
      signal: undefined,
      onProgress: undefined,
      fetch: undefined,
      endpoint: undefined,
    }),
    redisStores(client, { prefix: undefined, timeout: undefined }),
    postgresStores(pool, { schema: undefined, timeout: undefined }),
    sqliteStores(database, { timeout: undefined }),
    createVirtualApple({ now: undefined }),
  ];
}

export function rejected(appAttest: AppAttest): unknown[] {
  const attestation = { attestation: '', keyId: '', challenge: '', appId };
  const assertion = { assertion: '', publicKey: '', payload: '', appId, counter: 0 };
  const receipt = { receipt: '', appId };
  return [
    // @ts-expect-error without a policy, nothing about the running app is checked
    verifyAttestation({ ...attestation, policy: undefined }),
    // @ts-expect-error without a policy, nothing about the running app is checked
    verifyAssertion({ ...assertion, policy: undefined }),
    // @ts-expect-error without a public key, the receipt of any key is accepted
    verifyReceipt({ ...receipt, publicKey: undefined }),
    // @ts-expect-error without a challenge, the receipt of any attestation is accepted
    verifyReceipt({ ...receipt, challenge: undefined }),
    // @ts-expect-error without a hash, the receipt of any attestation is accepted
    verifyReceipt({ ...receipt, clientDataHash: undefined }),
    // @ts-expect-error without a type, receipts of both types are accepted
    verifyReceipt({ ...receipt, type: undefined }),
    // @ts-expect-error without maxAge, an old receipt is accepted
    verifyReceipt({ ...receipt, maxAge: undefined }),
    // @ts-expect-error without a policy, nothing about the running app is checked
    createAppAttest({ appId, policy: undefined }),
    // @ts-expect-error without verifyReceipts, receipts are not verified
    createAppAttest({ appId, verifyReceipts: undefined }),
    // @ts-expect-error without a subject, the key of any user is accepted
    appAttest.authenticate({}, { subject: undefined }),
    // @ts-expect-error the user of the challenge is not known
    appAttest.takeChallenge('', { purpose: 'assertion', subject: undefined }),
    // @ts-expect-error the user is missing
    appAttest.keysOf(undefined),
    // @ts-expect-error the user is missing
    appAttest.bind('', undefined),
  ];
}

export const policies: ExtensionPolicy[] = [
  // @ts-expect-error without categories, all categories are accepted
  { validationCategories: undefined },
  // @ts-expect-error without versions, all versions are accepted
  { bundleVersions: undefined },
  // @ts-expect-error without hashes, all hashes are accepted
  { codeDirectoryHashes: undefined },
];
