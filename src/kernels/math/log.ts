import type { WgslFunction } from '../wgsl.ts';

/** The logarithm, of subnormal numbers too: lavapipe has -88 for all of them, which lie from -103 to -87. */
export const safeLog: WgslFunction = {
  name: 'safe_log',
  source: `
    fn safe_log(x: f32) -> f32 {
      let tiny = x < 1.1754943508222875e-38;
      // 2^24, and its logarithm.
      return log(select(x, x * 16777216.0, tiny)) - select(0.0, 16.635532333438686, tiny);
    }`,
};
