import { afterAll } from 'vitest';
import { deviceParking } from '../src/runtime/parkedDevice.ts';

const parking = deviceParking();
afterAll(() => parking.clear());

/** One device for all that a file of tests runs, one after the other, as a command has. */
export const ONE_DEVICE = { parking } as const;
