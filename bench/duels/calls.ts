import { type BenchSubject, passGraph, prepareOperation } from '../../src/bench/operation.ts';
import type { Pace } from '../../src/bench/planCase.ts';
import { relativeDistance } from '../../src/bench/relativeDistance.ts';
import { callName, functionOfValues, type OpCall } from '../../src/cli/opCall.ts';
import type { WgadError } from '../../src/errors.ts';
import { input } from '../../src/graph/value.ts';
import type { NamedTensor } from '../../src/nn/init.ts';
import type { Session } from '../../src/runtime/session.ts';
import { type PeerKernel, peerOperation } from '../peers/operation.ts';
import type { Peer } from '../peers/peer.ts';
import { DistanceError, type DuelRecord, duelRecords, requireClose } from './duel.ts';

export interface CallDuelOptions {
  readonly peers: readonly Peer[];
  /** Rounds of one sample each. */
  readonly rounds: number;
  readonly pace: Pace;
  readonly onCase: (done: number, of: number) => void;
  /** A call that is not timed, and why: the peer does not have it, or computes something else. */
  readonly onLeftOut: (why: string) => void;
}

/** How far a peer's result may lie from ours, as a relative L2 distance. */
const TOLERANCE = 1e-4;

/**
 * Calls of our functions here and in other engines, forward, over the same operands, which stay on the device. Two records a
 * call and peer: ours with the ratio, and the peer's.
 * @throws WgadError E_GPU where no call is left because peers' results are not ours
 */
export async function benchCallPeers(
  session: Session,
  calls: readonly OpCall[],
  options: CallDuelOptions,
): Promise<DuelRecord[]> {
  const { peers, onCase, onLeftOut } = options;
  const records: DuelRecord[] = [];
  let done = 0;
  let wrong: WgadError | undefined;
  for (const call of calls) {
    const subject: BenchSubject = {
      name: callName(call),
      fn: functionOfValues(call.op, call),
      operands: call.operands,
    };
    for (const peer of peers) {
      try {
        const found = await against(session, { call, subject, peer }, options);
        if (found) records.push(...found);
        else onLeftOut(`${peer.name}: is not asked for ${call.op}`);
      } catch (error) {
        // One engine's fault in one call is no reason to lose the rest of a long run.
        if (!(error instanceof DistanceError)) throw error;
        wrong = error;
        onLeftOut(error.message);
      }
      done += 1;
      onCase(done, calls.length * peers.length);
    }
  }
  if (wrong && records.length === 0) throw wrong;
  return records;
}

interface CallDuel {
  readonly call: OpCall;
  readonly subject: BenchSubject;
  readonly peer: Peer;
}

/** Checks the peer's result, then times both; undefined for what the peer does not have. */
async function against(
  session: Session,
  { call, subject, peer }: CallDuel,
  { rounds, pace }: CallDuelOptions,
): Promise<DuelRecord[] | undefined> {
  const prepared = await prepareOperation(session, subject);
  try {
    const operands = call.operands.map(
      ({ shape }, i): NamedTensor => ({ shape, data: prepared.inputs[i] as Float32Array }),
    );
    const where = `${subject.name} ${prepared.shape}: ${peer.name}`;
    const started = await own(where, async () => {
      const kernel = await kernelOf(peer, { call, subject, operands });
      return kernel && { kernel, result: await kernel.run() };
    });
    if (!started) return undefined;
    const { kernel: theirs, result } = started;
    try {
      const [ours] = await prepared.results();
      const distance = relativeDistance(Float32Array.from(result), Float32Array.from(ours!.data));
      requireClose(where, 'its result lies', distance, TOLERANCE);
      const { onDevice } = theirs;
      return await duelRecords(session, {
        name: { suite: 'op', name: subject.name, shape: prepared.shape },
        peer,
        executable: prepared.executable,
        ours: onDevice ? prepared.replays : async () => void (await prepared.results()),
        theirs: onDevice ?? (async () => void (await theirs.run())),
        rounds,
        detail: onDevice ? theirs.detail : 'operands and result through host memory on both sides',
        distance,
        // Transfers are no work of the kernel: a share would say nothing.
        pace: onDevice ? pace : undefined,
      });
    } finally {
      await theirs.close();
    }
  } finally {
    prepared.destroy();
  }
}

/** @throws DistanceError where the peer itself fails: it has no result to compare. */
async function own<T>(where: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (cause) {
    throw new DistanceError('E_GPU', `${where}: fails: ${(cause as Error).message}; not timed`, { cause });
  }
}

/** As a convolution or product where it is one, which every peer has; else as the function of its own that it is. */
async function kernelOf(
  peer: Peer,
  { call, subject, operands }: { call: OpCall; subject: BenchSubject; operands: readonly NamedTensor[] },
): Promise<PeerKernel | undefined> {
  const leaves = call.operands.map(({ shape, dtype }, i) => input(`operand ${i}`, shape, dtype));
  const { outputs, ...rest } = passGraph(subject, leaves);
  const operation = operands.length === 2 ? peerOperation({ outputs, ...rest }) : undefined;
  if (!operation || !peer.operation) return peer.call?.({ call, operands });
  const [out] = outputs.values();
  const [left, right] = operands as [NamedTensor, NamedTensor];
  return peer.operation({ operation, left, right, frozen: call.operands[1]!.state, result: out!.shape });
}
