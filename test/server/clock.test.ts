import { expect, it } from 'vitest';
import { backendWithDevice, createBackend, createDevice, registration, TestClock } from '../support/backend.js';
import { expectCode } from '../support/rejection.js';

const HOUR = 3600;

async function setUp() {
  const clock = new TestClock();
  return { clock, ...(await backendWithDevice({ now: clock.now })) };
}

it('a used challenge stays used if the clock is set back an hour', async () => {
  const { backend, clock, request } = await setUp();
  const body = await request();
  await backend.authenticate(body);
  clock.forward(-HOUR);
  await expectCode(() => backend.authenticate(body), 'challenge_used');
});

it('a challenge that was rejected as expired does not become valid if the clock is set back an hour', async () => {
  const { backend, clock, request } = await setUp();
  const body = await request();
  clock.forward(301);
  await expectCode(() => backend.authenticate(body), 'challenge_expired');
  clock.forward(-HOUR);
  await expectCode(() => backend.authenticate(body), 'challenge_used');
});

it('an expired challenge that nobody used stays expired if the clock is set back an hour', async () => {
  const { backend, clock, request } = await setUp();
  const [body, other] = [await request(), await request()];
  clock.forward(301);
  await expectCode(() => backend.authenticate(other), 'challenge_expired');
  clock.forward(-HOUR);
  await expectCode(() => backend.authenticate(body), 'challenge_expired');
});

it('if the clock is set back an hour, earlier challenges stay valid, and new challenges expire after five minutes', async () => {
  const { backend, clock, request } = await setUp();
  const waiting = await request();
  clock.forward(-HOUR);
  await backend.authenticate(waiting);

  const [inTime, late] = [await request(), await request()];
  clock.forward(299);
  await backend.authenticate(inTime);
  clock.forward(1);
  await expectCode(() => backend.authenticate(late), 'challenge_expired');
});

it('a counter does not decrease if the clock is set back an hour', async () => {
  const { backend, clock, device, key, request } = await setUp();
  await backend.authenticate(await request());
  clock.forward(-HOUR);
  device.misbehave({ standingCounter: true });
  const replay = await request();
  await expectCode(() => backend.authenticate(replay), 'counter_not_increased');
  device.misbehave({});
  expect((await backend.authenticate(await request())).key.counter).toBe(2);
  expect((await backend.key(key.keyId))?.counter).toBe(2);
});

it('certificates are verified at the time of the server’s clock', async () => {
  const clock = new TestClock();
  const backend = createBackend({ now: clock.now });
  clock.forward(10 * 24 * HOUR);
  const body = await registration(backend, await createDevice());
  await expectCode(() => backend.register(body), 'certificate_expired');
});
