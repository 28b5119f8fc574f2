import type { VirtualApple } from '../testing/virtual-apple.js';
import type { BackendConnection, BackendRequest } from './backend-connection.js';
import { bodyAlreadyReadAdvice } from './body-already-read-advice.js';
import type { DeviceArguments } from './device-arguments.js';
import { type DeviceStep, takeStep } from './device-step.js';
import { registrationAdvice } from './registration-advice.js';
import { contentTypeOf, VirtualApp } from './virtual-app.js';

/**
 * Registers a key of a virtual device, sends a protected request, and then attacks the backend. Ends early if the
 * backend does not accept the app, because the attacks would then prove nothing.
 */
export async function* deviceSteps(
  { appId, os, environment, method, path, body, challengePath, registrationPath }: DeviceArguments,
  apple: VirtualApple,
  backend: BackendConnection,
): AsyncGenerator<DeviceStep> {
  const routes = { challenge: backend.target(challengePath), registration: backend.target(registrationPath) };
  const install = async (id: string): Promise<VirtualApp> => {
    return new VirtualApp(await apple.createDevice({ appId: id, os, environment }), backend, routes);
  };
  const request: BackendRequest = { method, target: backend.target(path), body };
  const app = await install(appId);

  let challenge = '';
  const registration = await takeStep(
    {
      title: 'The app registers its key',
      route: 'registration',
      expected: 'accepted',
      response: '201',
      advice: registrationAdvice,
    },
    async () => {
      challenge = await app.fetchChallenge('attestation');
      return app.register(challenge);
    },
  );
  yield registration;
  if (!registration.isAsExpected) return;

  const attacker = await install(appId);
  yield takeStep(
    {
      title: 'An attacker registers another key with the same challenge',
      route: 'registration',
      expected: 'rejected',
      response: '401 challenge_used',
      advice:
        'Accept each challenge only once, and mark the challenge as used before or together with the registration.',
    },
    () => attacker.register(challenge),
  );
  yield takeStep(
    {
      title: 'A copy of the app, signed by another team, registers its key',
      route: 'registration',
      expected: 'rejected',
      response: '401 app_id_mismatch',
      advice: 'Compare the RP ID hash with SHA-256 of the complete App ID: team identifier, dot and bundle identifier.',
    },
    async () => {
      const copy = await install(`${appId.startsWith('COPIEDAPP1') ? 'COPIEDAPP2' : 'COPIEDAPP1'}${appId.slice(10)}`);
      return copy.register(await copy.fetchChallenge('attestation'));
    },
  );

  let signed = request;
  const accepted = await takeStep(
    {
      title: `The app sends ${method} ${request.target}`,
      route: 'protected',
      expected: 'accepted',
      response: '2xx',
      advice: (actual) =>
        bodyAlreadyReadAdvice(actual) ??
        'Pass --method, --path and --body of a request that your app sends to a protected route, and --header for a login. If ' +
          'a proxy changes the path, set publicTarget.',
    },
    async () => {
      signed = await app.sign(request);
      return backend.send(signed);
    },
  );
  yield accepted;
  if (!accepted.isAsExpected) return;

  yield takeStep(
    {
      title: 'An attacker sends the same request again',
      route: 'protected',
      expected: 'rejected',
      response: '401 challenge_used',
      advice: 'Accept the challenge of each request only once, and accept only counters above the stored counter.',
    },
    () => backend.send(signed),
  );
  if (body !== undefined) {
    yield takeStep(
      {
        title: 'An attacker adds one byte to the body in transit',
        route: 'protected',
        expected: 'rejected',
        response: '401 request_mismatch',
        advice: 'Compare the digest of the body as received with the signed Content-Digest.',
      },
      async () => backend.send({ ...(await app.sign(request)), body: `${body} ` }),
    );
  }
  yield takeStep(
    {
      title: 'An attacker sends a request that was signed for another route',
      route: 'protected',
      expected: 'rejected',
      response: '401 invalid_signature',
      advice: 'Compute the signed text from the method, path and query of the request that arrived.',
    },
    async () => {
      return backend.send({
        ...(await app.sign({ ...request, target: `${routes.challenge}/other` })),
        target: request.target,
      });
    },
  );
  yield takeStep(
    {
      title: 'An attacker adds a query to a request',
      route: 'protected',
      expected: 'rejected',
      response: '401 invalid_signature',
      advice: 'Include the query in the signed text, exactly as it arrived.',
    },
    async () => {
      const { target } = request;
      return backend.send({
        ...(await app.sign(request)),
        target: `${target}${target.includes('?') ? '&' : '?'}free=1`,
      });
    },
  );
  yield takeStep(
    {
      title: 'The app sends an assertion with an old counter',
      route: 'protected',
      expected: 'rejected',
      response: '401 counter_not_increased',
      advice: 'Store the counter of each accepted assertion, atomically, and accept only higher counters.',
    },
    async () => {
      await backend.send(await app.sign(request));
      return backend.send(await app.sign(request, true));
    },
  );
  yield takeStep(
    {
      title: 'A key that is not registered signs a request',
      route: 'protected',
      expected: 'rejected',
      response: '401 key_unknown',
      advice:
        'Look up the stored key by the key identifier, verify the assertion with this key, and reject unknown key identifiers.',
    },
    async () => {
      await attacker.attestOnly(await attacker.fetchChallenge('attestation'));
      return backend.send(await attacker.sign(request));
    },
  );
  yield takeStep(
    {
      title: 'A script sends a request without an assertion',
      route: 'protected',
      expected: 'rejected',
      response: '401 assertion_missing',
      advice: 'Put `protect` in front of the handler of this route.',
    },
    () => backend.send({ ...request, headers: contentTypeOf(body) }),
  );
  yield takeStep(
    {
      title: 'The app sends one more request',
      route: 'protected',
      expected: 'accepted',
      response: '2xx',
      advice: 'The rejected requests must not change the stored key or its counter.',
    },
    async () => backend.send(await app.sign(request)),
  );
}
