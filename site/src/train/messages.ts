/** What the Train page and its worker tell each other. */
import type { EmbeddedEncoder } from '../../../src/models/embedded.ts';
import type { Stage } from '../../../src/train/training.ts';
import type { ChosenFile, Refused } from '../files/chosenFile.ts';
import type { Failure } from '../remote.ts';

/** Numbers that a preset sets. */
export type NumberName = 'size' | 'batch' | 'iterations' | 'alignIterations' | 'lr';
export type Presets = Readonly<Record<'quick' | 'paper', Readonly<Record<NumberName, number>>>>;

/** Settings of a new training; what is absent is the preset's. */
export interface Choice extends Readonly<Partial<Record<NumberName, number>>> {
  readonly preset: keyof Presets;
  /** One that ships with the package, or a file of weights. */
  readonly encoder: EmbeddedEncoder | ChosenFile;
  readonly seed: number;
  /** Seconds between checkpoints. */
  readonly saveEvery: number;
  /** Train without the images that cannot be read. */
  readonly leaveOut: boolean;
}

/** What was chosen to train on. */
export interface Chosen {
  readonly name: string;
  readonly count: number;
  readonly classes: readonly string[];
  readonly notes: readonly string[];
}

/** A run folder that was begun elsewhere. */
export interface Adopted {
  readonly name: string;
  /** Such as `revdist with cada, encoder resnet18_w32, 128 px`. */
  readonly about: string;
}

/** A training in the browser's storage. */
export interface Kept {
  readonly id: string;
  readonly name: string;
  readonly begun: string;
  /** Such as `revdist with cada, resnet18_w32, 128 px, 160 images`. */
  readonly about: string;
  readonly state: 'finished' | 'unfinished';
  /** How far the last checkpoint is; null before the first. */
  readonly saved: { readonly stage: Stage; readonly step: number } | null;
}

/** A point of the loss. */
export interface LossPoint {
  readonly stage: Stage;
  readonly step: number;
  readonly loss: number;
}

/** What a training is doing. `reading`: images become what the networks see. */
export type Doing = Stage | 'reading' | 'opening' | 'compiling';

/** What the worker tells while it trains. */
export interface TrainEvent {
  /** The training's, from its first event on. */
  readonly id?: string;
  readonly progress?: {
    readonly doing: Doing;
    readonly done: number;
    /** 0: nobody knows. */
    readonly of: number;
    /** Seconds to the end of the training; absent: not known. */
    readonly left?: number;
  };
  /** Steps that each stage has, once they are known. */
  readonly stages?: Readonly<Partial<Record<Stage, number>>>;
  readonly losses?: readonly LossPoint[];
  readonly saved?: Kept['saved'];
  readonly adapter?: string;
  readonly notes?: readonly string[];
  readonly ended?: Ended;
}

/** How it ended. `dropped`: before there was anything to go on from. */
export type Ended =
  | { readonly how: 'finished' | 'paused' | 'dropped' }
  | { readonly how: 'failed'; readonly failure: Failure }
  | { readonly how: 'refused'; readonly refused: readonly Refused[]; readonly readable: number };
