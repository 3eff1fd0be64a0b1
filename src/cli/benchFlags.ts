/** What the flags of `wgad bench` accept. */
import { InvalidArgumentError } from 'commander';
import { KERNEL_PEERS, PEERS, type PeerName, TRAINING_PEERS } from '../../bench/peers/peer.ts';
import type { Alignment } from '../methods/cada.ts';
import { DETECTOR_NAMES, type DetectorName } from '../methods/detectors.ts';
import { PRETRAINED_NAMES, type PretrainedName } from '../models/encoders.ts';
import { RESNETS, type ResNetName } from '../models/resnet.ts';
import { ENCODER_NAMES, type EncoderName } from '../train/encoder.ts';
import { anyOf, oneOf } from './names.ts';
import { integer } from './numbers.ts';

export const models = anyOf(Object.keys(RESNETS) as ResNetName[]);
export const pretrainedNames = anyOf<PretrainedName>(PRETRAINED_NAMES);
export const timedAlignments = anyOf<Alignment>(['none', 'cada']);
export const encoders = anyOf<EncoderName>(ENCODER_NAMES);
export const peers = anyOf<PeerName>(PEERS);
export const kernelPeers = anyOf<PeerName>(KERNEL_PEERS);
export const trainingPeers = anyOf<PeerName>(TRAINING_PEERS);
export const detector = oneOf<DetectorName>(DETECTOR_NAMES);

export const sizes = (text: string): number[] => text.split(',').map(integer('--batch', 1));
/** Batch norms need two images to learn from. */
export const trainingSizes = (text: string): number[] => text.split(',').map(integer('--batch', 2));

/** The encoders halve images five times. */
export function sideOf(text: string): number {
  const side = integer('--size', 64)(text);
  if (side % 32 !== 0) throw new InvalidArgumentError(`expects a multiple of 32, got ${text}.`);
  return side;
}
