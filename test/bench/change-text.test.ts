import { expect, it } from 'vitest';
import { changeText } from '../../bench/change-text.js';

it.each([
  [11.4, 'larger by 11 KiB'],
  [-249, 'smaller by 249 KiB'],
  [-0.4, 'as large as before'],
])('describes a growth of %d KiB as %j', (growth, text) => {
  expect(changeText(growth)).toBe(text);
});
