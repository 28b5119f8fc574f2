// This file uses the types of the option formats as users do. It is compiled, but never run.
import {
  type AppAttest,
  type AppAttestOptions,
  type AuthenticatedRequest,
  createAppAttest,
  type StoredKey,
} from 'app-attest/server';
import { isExactly } from '../../http/types/same.js';

const appId = 'TEAMID1234.com.example.app';

export async function withoutFormats(): Promise<void> {
  const appAttest = createAppAttest({ appId });
  isExactly<AppAttest>()(appAttest, true);
  isExactly<StoredKey>()(await appAttest.register({}), true);
  isExactly<AuthenticatedRequest>()(await appAttest.authenticate({}), true);
  isExactly<AppAttest>()(createAppAttest({ appId, formats: {} }), true);
}

export async function withAFormat(): Promise<void> {
  const appAttest = createAppAttest({
    appId,
    formats: {
      'google-play-integrity-standard': async ({ body, challenge, payload, subject }) => {
        isExactly<Readonly<Record<string, unknown>>>()(body, true);
        isExactly<string>()(challenge ?? payload, true);
        isExactly<string | undefined>()(subject, true);
        return { packageName: 'com.example.app' };
      },
    },
  });
  isExactly<AppAttest<{ packageName: string }>>()(appAttest, true);
  isExactly<StoredKey | { packageName: string }>()(await appAttest.register({}), true);
  const result = await appAttest.authenticate({});
  isExactly<AuthenticatedRequest | { packageName: string }>()(result, true);
  isExactly<AuthenticatedRequest>()('key' in result ? result : await createAppAttest({ appId }).authenticate({}), true);
  // @ts-expect-error the request may be of the other format
  result.key;
  // @ts-expect-error this function does not expect requests of other formats
  onlyAppAttest(appAttest);
}

export function withSeveralFormats(): void {
  const appAttest = createAppAttest({ appId, formats: { a: () => ({ a: 1 }), b: async () => ({ b: 'text' }) } });
  isExactly<AppAttest<{ a: number } | { b: string }>>()(appAttest, true);
}

export function wrongly(): void {
  // @ts-expect-error the function must return an object
  createAppAttest({ appId, formats: { 'web-fallback': async () => true } });
  // @ts-expect-error the function must return an object
  createAppAttest({ appId, formats: { 'web-fallback': async () => undefined } });
  // @ts-expect-error AppAttestOptions without a type argument allows no formats
  const options: AppAttestOptions = { appId, formats: { 'web-fallback': () => ({}) } };
  createAppAttest(options);
}

function onlyAppAttest(_: AppAttest): void {}
