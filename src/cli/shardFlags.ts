/** The flags `--shard` and `--parts`. */
import type { Command } from 'commander';
import { harmless } from '../errors.ts';
import type { Manifest } from '../parts/manifest.ts';
import { type Shard, shardOf } from '../parts/shard.ts';
import type { Context } from './context.ts';

export interface ShardFlags {
  readonly shard?: Shard;
  readonly parts: string;
}

export function addShardFlags(command: Command): void {
  command
    .option(
      '--shard <i/n>',
      'do part i of n only (i from 1), for `wgad merge`; n alone: the part that JOB_COMPLETION_INDEX or SLURM_ARRAY_TASK_ID says',
      (text) => shardOf(text),
    )
    .option('--parts <dir>', 'with --shard: folder for the folders of all parts', 'parts');
}

/** Says what part was made. */
export function partResult(
  context: Context,
  { manifest, folder }: { readonly manifest: Manifest; readonly folder: string },
): void {
  const { part, of, own, inputs } = manifest;
  context.result(
    { folder, part, of, inputs: own.length, all: inputs },
    harmless(`${folder}: part ${part} of ${of}, ${own.length} of ${inputs} inputs`),
  );
}
