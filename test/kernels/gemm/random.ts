import { product, type Shape } from '../../../src/shape.ts';
import { testRandom } from '../../seed.ts';

/** From -2 to 2. */
export const random = (): number => testRandom().between(-2, 2);

export const signed = (shape: Shape): Float32Array => Float32Array.from({ length: product(shape) }, random);
