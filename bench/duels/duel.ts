import { alternate, type Contender } from '../../src/bench/alternate.ts';
import type { Pace } from '../../src/bench/planCase.ts';
import { type CaseName, planRecord } from '../../src/bench/planCase.ts';
import type { BenchRecord } from '../../src/bench/record.ts';
import { requireReplayed } from '../../src/bench/replayed.ts';
import { WgadError } from '../../src/errors.ts';
import type { Executable } from '../../src/runtime/executable.ts';
import type { Session } from '../../src/runtime/session.ts';
import type { Peer } from '../peers/peer.ts';
import type { PeerRuns } from '../peers/runs.ts';

/** A record of one side of a comparison. */
export interface DuelRecord extends BenchRecord {
  /** In a peer's record: how far its results lay from ours (relative L2) before it was timed. */
  readonly distance?: number;
}

/** Inputs that the runs take in turn. */
export const INPUTS = 3;

/** A case that both engines compute, checked to be the same; `name.name` is what is computed. */
export interface DuelCase {
  readonly name: CaseName;
  readonly peer: Peer;
  readonly executable: Executable;
  readonly ours: Contender;
  readonly theirs: Contender;
  readonly rounds: number;
  /** What the peer chose for this network. */
  readonly detail?: string;
  /** Reference for our rates; without it the record has no shares. */
  readonly pace?: Pace;
  /** How far its result lay from ours when that was checked, relative L2: the largest over inputs. */
  readonly distance: number;
}

/** Times the two by turns. Two records: ours with the ratio, and the peer's. */
export async function duelRecords(session: Session, each: DuelCase): Promise<[DuelRecord, DuelRecord]> {
  const { name, peer, executable, rounds, detail, distance, pace } = each;
  requireReplayed(executable.plan);
  const { ours, theirs, ...ratios } = await alternate(each.ours, each.theirs, rounds);
  const record = planRecord(
    session,
    { ...name, name: `${name.name} / ${peer.name}` },
    executable,
    ours,
    pace,
  );
  return [
    { ...record, peer: peer.name, ...ratios },
    {
      ...record,
      ...theirs,
      name: `${peer.name} ${name.name}`,
      adapter: peer.adapter ?? record.adapter,
      dtype: peer.arithmetic ?? 'f32',
      variant: [peer.version, ...(detail === undefined ? [] : [detail])].join(', '),
      gflops: (record.gflops! * ours.medianMs) / theirs.medianMs,
      gbs: null,
      rooflineShare: null,
      gemmShare: undefined,
      memory: undefined,
      peer: peer.name,
      distance,
    },
  ];
}

/** A peer's run as the alternation times it: by the peer's own clock where it has one. */
export function timedBy({ ownMs }: PeerRuns, run: (turn: number) => Promise<unknown>): Contender {
  if (!ownMs) return async (turn) => void (await run(turn));
  return async (turn) => {
    await run(turn);
    return { ms: ownMs() };
  };
}

/** For people: what a peer chose, and how far its results lay from ours. */
export const peerText = (records: readonly DuelRecord[]): string[] =>
  records.flatMap(({ name, shape, variant, distance }) =>
    distance === undefined
      ? []
      : [`${name}, ${shape}: ${distance.toExponential(1)} from ours when checked; ${variant}`],
  );

/** A peer's result is not ours. */
export class DistanceError extends WgadError {}

/**
 * @param what the peer's result, such as `its logits`; `distance` is how far it lies from ours
 * @throws DistanceError E_GPU where it lies farther than `most`, or is not a number
 */
export function requireClose(where: string, what: string, distance: number, most: number): void {
  if (distance <= most) return;
  throw new DistanceError(
    'E_GPU',
    `${where}: ${what} ${distance.toExponential(1)} from ours (relative L2), expected at most ${most}; not timed`,
    { fix: 'run `wgad doctor` to see whether this adapter computes what it should' },
  );
}
