import { expect, it } from 'vitest';
import { backendWithDevice, TestClock } from '../support/backend.js';
import { expectCode } from '../support/rejection.js';

it('only accepted requests update the time of the last use of a key, at most once an hour', async () => {
  const clock = new TestClock();
  const { backend, device, key, keyId, request } = await backendWithDevice({ now: clock.now });
  expect(key).not.toHaveProperty('lastUsedAt');
  const lastUse = async () => {
    const { key: used } = await backend.authenticate(await request());
    expect(await backend.key(keyId)).toEqual(used);
    return used.lastUsedAt?.getTime();
  };

  const first = clock.time;
  expect(await lastUse()).toBe(first);
  clock.forward(3599);
  expect(await lastUse()).toBe(first);
  clock.forward(1);
  expect(await lastUse()).toBe(first + 3_600_000);
  clock.forward(-7200);
  expect(await lastUse()).toBe(first + 3_600_000);

  clock.forward(20_000);
  device.misbehave({ standingCounter: true });
  const rejected = await request();
  await expectCode(() => backend.authenticate(rejected), 'counter_not_increased');
  expect((await backend.key(keyId))?.lastUsedAt?.getTime()).toBe(first + 3_600_000);
});
