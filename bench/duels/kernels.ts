import type { Contender } from '../../src/bench/alternate.ts';
import type { KernelCase } from '../../src/bench/cases.ts';
import { type PreparedCase, prepareCase } from '../../src/bench/kernels.ts';
import type { Pace } from '../../src/bench/planCase.ts';
import { replaysOf } from '../../src/bench/planCase.ts';
import { relativeDistance } from '../../src/bench/relativeDistance.ts';
import { ConfigError, type WgadError } from '../../src/errors.ts';
import type { NamedTensor } from '../../src/nn/init.ts';
import type { Session } from '../../src/runtime/session.ts';
import type { NumberArray } from '../../src/runtime/state.ts';
import { type OperationStart, type PeerKernel, peerOperation } from '../peers/operation.ts';
import { KERNEL_PEERS, type Peer } from '../peers/peer.ts';
import { DistanceError, type DuelRecord, duelRecords, requireClose } from './duel.ts';

export interface KernelDuelOptions {
  readonly peers: readonly Peer[];
  /** Rounds of one sample each. */
  readonly rounds: number;
  readonly pace: Pace;
  readonly onCase: (done: number, of: number) => void;
  /** A case that is not timed, and why: the peer does not have its operation, or computes something else. */
  readonly onLeftOut: (why: string) => void;
}

/** How far a peer's result may lie from ours, as a relative L2 distance. */
const TOLERANCE = { f32: 1e-4, tf32: 2e-3, f16: 2e-3 };

/**
 * Single operations here and in other engines: same operands, which stay on the device where the peer can keep them
 * there, and else pass through host memory on both sides. Two records a case and peer: ours with the ratio, and the peer's.
 * @param cases chosen with `accepts: isComparable`
 * @throws ConfigError where a peer computes no single operations
 * @throws WgadError E_GPU where no case is left because peers' results are not ours
 */
export async function benchKernelPeers(
  session: Session,
  cases: readonly KernelCase[],
  options: KernelDuelOptions,
): Promise<DuelRecord[]> {
  const { peers, onCase, onLeftOut } = options;
  const records: DuelRecord[] = [];
  let done = 0;
  let wrong: WgadError | undefined;
  for (const each of cases) {
    const prepared = await prepareCase(session, each);
    try {
      for (const peer of peers) {
        const theirs = await operationOf(peer)(startOf(prepared));
        try {
          if (theirs) records.push(...(await against(session, options, { each, prepared, peer, theirs })));
          else onLeftOut(`${peer.name}: has no ${each.name}`);
        } catch (error) {
          // One engine's fault in one shape is no reason to lose the rest of a long run.
          if (!(error instanceof DistanceError)) throw error;
          wrong = error;
          onLeftOut(error.message);
        }
        done += 1;
        onCase(done, cases.length * peers.length);
      }
    } finally {
      prepared.destroy();
    }
  }
  if (wrong && records.length === 0) throw wrong;
  return records;
}

function operationOf({ name, version, operation }: Peer): NonNullable<Peer['operation']> {
  if (operation) return operation;
  throw new ConfigError(`--peers ${name}: ${version} is not asked for single operations`, {
    fix: `choose of ${KERNEL_PEERS.join(', ')}`,
  });
}

function startOf({ graph, operands }: PreparedCase): OperationStart {
  const value = graph.outputs.get('out')!;
  const [left, right] = value.inputs;
  const tensor = (operand: typeof value): NamedTensor => ({
    shape: operand.shape,
    data: operands.get(operand) as Float32Array,
  });
  return {
    operation: peerOperation(graph)!,
    left: tensor(left!),
    right: tensor(right!),
    frozen: right!.op === 'state',
    result: value.shape,
  };
}

interface KernelDuel {
  readonly each: KernelCase;
  readonly prepared: PreparedCase;
  readonly peer: Peer;
  readonly theirs: PeerKernel;
}

/** Checks the peer's result, then times both; lets the peer's side go. */
async function against(
  session: Session,
  { rounds, pace }: KernelDuelOptions,
  { each: { name, shape }, prepared, peer, theirs }: KernelDuel,
): Promise<DuelRecord[]> {
  const { executable, inputs } = prepared;
  const { onDevice, detail } = theirs;
  const throughHost = async (): Promise<NumberArray> => {
    executable.run(inputs);
    return (await executable.read(['out'])).get('out')!;
  };
  try {
    const distance = relativeDistance(await theirs.run(), (await throughHost()) as Float32Array);
    const most = TOLERANCE[peer.arithmetic ?? 'f32'];
    requireClose(`${name} ${shape}: ${peer.name}`, 'its result lies', distance, most);
    const host: Contender = async () => void (await theirs.run());
    return await duelRecords(session, {
      name: { suite: 'kernels', name, shape },
      peer,
      executable,
      ours: onDevice ? replaysOf(session.gpu, executable) : async () => void (await throughHost()),
      theirs: onDevice ?? host,
      rounds,
      detail: onDevice ? detail : 'operands and result through host memory on both sides',
      distance,
      // Transfers are no work of the kernel: a share would say nothing.
      pace: onDevice ? pace : undefined,
    });
  } finally {
    await theirs.close();
  }
}
