/** What an ONNX file describes, opened in an engine that reads such. */
import type { Shape } from '../../src/shape.ts';

/** An input in host memory. */
export interface Numbers {
  readonly data: Float32Array | Int32Array | Uint32Array | Uint8Array;
  readonly shape: Shape;
}

export interface OnnxTensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

export interface OpenModel {
  /** Values for the model's inputs in their order, its outputs in theirs. */
  run(inputs: readonly Numbers[]): Promise<OnnxTensor[]>;
  close(): Promise<void>;
}
