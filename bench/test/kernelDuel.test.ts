import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseCases } from '../../src/bench/kernels.ts';
import { ConfigError } from '../../src/errors.ts';
import { openSession, type Session } from '../../src/runtime/session.ts';
import { conv2dReference } from '../../src/specs/reference/conv.ts';
import { matmulRef, transposeRef } from '../../src/specs/reference/ops.ts';
import type { Tensor64 } from '../../src/specs/reference/tensor64.ts';
import { peerText } from '../duels/duel.ts';
import { benchKernelPeers } from '../duels/kernels.ts';
import { isComparable, type OperationStart, type PeerKernel } from '../peers/operation.ts';
import type { Peer } from '../peers/peer.ts';

const PACE = { peakGflops: 2, peakAt: '', copyGbs: 1, copyAt: '', submitMs: 0, dispatchMs: 0 };
const small = { models: ['resnet18_w16'], batches: [1], size: 64 } as const;

/** An engine of float64 loops, `wrong` in its first number. */
function loops({ operation, left, right, result }: OperationStart, wrong = 0): PeerKernel {
  const wide = ({ shape, data }: typeof left): Tensor64 => ({ shape, data: Float64Array.from(data) });
  return {
    async run() {
      const [a, b] = [wide(left), wide(right)];
      const { data } =
        operation.kind === 'conv2d'
          ? conv2dReference(a, b, operation.geometry, result)
          : matmulRef(operation.transposeA ? transposeRef(a) : a, operation.transposeB ? transposeRef(b) : b);
      return Float32Array.from(data, (value, i) => (i === 0 ? value + wrong : value));
    },
    async close() {},
  };
}
const peer = (operation?: Peer['operation']): Peer => ({
  name: 'jax-js',
  version: 'loops 1.0',
  classifier: () => Promise.reject(new Error('not asked')),
  ...(operation && { operation }),
});

describe('kernels against a peer', () => {
  let session: Session;
  beforeAll(async () => {
    session = await openSession();
  });
  afterAll(() => session.close());

  const leftOut: string[] = [];
  const against = (theirs: Peer, filter: RegExp) =>
    benchKernelPeers(session, chooseCases(session, { ...small, filter, accepts: isComparable }), {
      peers: [theirs],
      rounds: 1,
      pace: PACE,
      onCase() {},
      onLeftOut: (why) => leftOut.push(why),
    });

  it('kernel duels are of forward convolutions and products alone', () => {
    const cases = chooseCases(session, { ...small, accepts: isComparable });
    expect(new Set(cases.map(({ kind }) => kind))).toEqual(new Set(['matmul', 'conv2d']));
    expect(() => chooseCases(session, { ...small, accepts: isComparable, filter: /adamw/ })).toThrow(
      /none of \d+ kernel cases matches/,
    );
  });

  it.each([/conv2d 3x3 s2 16x16x16->32/, /conv2d 1x1 s2/, /matmul 1x\d+x\d+ tb 1x/])(
    'a duel holds %s to the definition, then times both through host memory',
    async (filter) => {
      const before = session.gpu.buffers.counters.live;
      const closed: string[] = [];
      const records = await against(
        peer(async (start) => ({ ...loops(start), close: async () => void closed.push('closed') })),
        filter,
      );
      const [ours, theirs] = records;
      expect(ours).toMatchObject({ suite: 'kernels', peer: 'jax-js', rooflineShare: null });
      expect(ours!.ratio).toBeGreaterThan(0);
      expect(theirs).toMatchObject({ ratio: null, peer: 'jax-js' });
      expect(theirs!.distance).toBeLessThan(1e-6);
      expect(peerText(records).join()).toContain('through host memory on both sides');
      expect(closed.length).toBe(records.length / 2);
      expect(session.gpu.buffers.counters.live).toBe(before);
    },
  );

  it('a duel replays over operands that stay on the device, where the peer can do that', async () => {
    const replays: number[] = [];
    const [ours, theirs] = await against(
      peer(async (start) => ({
        ...loops(start),
        onDevice: {
          enqueue: (repeats) => void replays.push(repeats),
          finish: async () => ({ ms: 5 * replays.at(-1)! }),
        },
      })),
      /matmul 1x\d+x\d+ tb 1x/,
    );
    expect(theirs!.medianMs).toBe(5);
    expect(replays.slice(-1)).toEqual([4]);
    expect(ours!.rooflineShare).toBeGreaterThan(0);
    expect(ours!.ratio).toBeCloseTo(5 / ours!.medianMs, 9);
  });

  it('a duel times no kernel whose results differ, and times the others', async () => {
    leftOut.length = 0;
    const wrongAt = (stride: number) =>
      peer(async (start) => {
        const { operation } = start;
        const wrong = operation.kind === 'conv2d' && operation.geometry.stride[0] === stride ? 1 : 0;
        return loops(start, wrong);
      });
    const records = await against(wrongAt(2), /conv2d 3x3 s. 16x16x16/);
    expect(records.map(({ name }) => name)).toEqual([
      'resnet18_w16/conv2d 3x3 s1 16x16x16->16 / jax-js',
      'jax-js resnet18_w16/conv2d 3x3 s1 16x16x16->16',
    ]);
    expect(leftOut.join()).toMatch(/3x3 s2 16x16x16->32 .*: jax-js: its result lies .*; not timed/);
    await expect(
      against(
        peer(async (start) => loops(start, 1)),
        /conv2d 1x1 s2/,
      ),
    ).rejects.toThrow(/jax-js: its result lies .* from ours .*; not timed/);
  });

  it('a duel leaves out kernels that the peer lacks, and is refused where it lacks all', async () => {
    leftOut.length = 0;
    expect(
      await against(
        peer(async () => undefined),
        /conv2d 1x1 s2 16x16x16/,
      ),
    ).toEqual([]);
    expect(leftOut).toEqual(['jax-js: has no resnet18_w16/conv2d 1x1 s2 16x16x16->32']);
    await expect(against(peer(), /conv2d 1x1 s2/)).rejects.toThrow(ConfigError);
  });
});
