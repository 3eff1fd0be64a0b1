import { expect, it } from 'vitest';
import { durationText, stepText } from '../../src/cli/durations.ts';

it.each([
  [0.2, 0.4, '0.5 seconds'],
  [12, 40, '12 to 40 seconds'],
  [40, 80, '40 to 80 seconds'],
  [80, 200, '1.5 to 3.5 minutes'],
  [1500, 3000, '25 to 50 minutes'],
  [3000, 6000, '1 to 1.5 hours'],
  [36_000, 80_000, '10 to 22 hours'],
  [90_000, 200_000, '1 to 2.5 days'],
  [3590, 5500, '1 to 1.5 hours'],
])('%f to %f seconds are %s', (least, most, text) => {
  expect(durationText(least, most)).toBe(text);
});

it.each([
  [0.00352, '3.5 ms'],
  [0.0412, '41 ms'],
  [1.234, '1.2 s'],
  [12.34, '12 s'],
])('a step of %f s takes %s', (seconds, text) => {
  expect(stepText(seconds)).toBe(text);
});
