/** Products that store their result in the order in which a one-tap product after them reads it. */
import { product } from '../../../shape.ts';
import { type GemmProblem, perChannel } from '../problem.ts';
import { type ChannelBlocks, ofChannel, ofPlace } from './channelBlocks.ts';

/** Whether the result may lie in another order: nothing that the epilogue reads is found by a result's place. */
export function storesInBlocks(problem: GemmProblem): boolean {
  const { epilogue, outElement = 'f32' } = problem;
  const channels = perChannel(problem);
  const operands = epilogue?.operands ?? [];
  return (
    outElement === 'f32' && operands.every(({ shape }, i) => product(shape) === 1 || channels.includes(i))
  );
}

/** The same convolution with its result in `blocks`. */
export const storedInBlocks = (problem: GemmProblem, blocks: ChannelBlocks): GemmProblem => ({
  ...problem,
  store: {
    row: ofChannel,
    column: (n) => ofPlace(blocks, `${n} / ${blocks.places}u`, `(${n} % ${blocks.places}u)`),
  },
});
