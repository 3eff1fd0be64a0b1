/**
 * What goes through the pipe to `bench/peers/torch_peer.py`, both ways: a line of JSON, and behind it the float32 numbers of
 * the tensors that its `tensors` names, one after another, little-endian.
 */
import type { NamedTensor, StateDict } from '../../src/nn/init.ts';
import { product } from '../../src/shape.ts';

export interface Frame {
  /** Without `tensors`. */
  readonly header: Readonly<Record<string, unknown>>;
  readonly tensors: StateDict;
}

/** The frame's bytes in order; tensors are views of what was given. */
export function* frameBytes({ header, tensors }: Frame): Generator<Uint8Array> {
  const shapes = [...tensors].map(([name, { shape }]) => [name, shape]);
  yield Buffer.from(`${JSON.stringify({ ...header, tensors: shapes })}\n`);
  for (const { data } of tensors.values()) yield bytesOf(data);
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** A tensor that is still arriving. */
interface Arriving {
  readonly name: string;
  readonly tensor: NamedTensor;
}

/** Frames out of chunks, wherever these are cut; each byte of a tensor is copied once. */
export class FrameReader {
  private line: Uint8Array[] = [];
  private header: Frame['header'] | undefined;
  private tensors: StateDict = new Map();
  private awaited: Arriving[] = [];
  private filled = 0;
  private readonly onFrame: (frame: Frame) => void;

  constructor(onFrame: (frame: Frame) => void) {
    this.onFrame = onFrame;
  }

  /** @throws SyntaxError where a line is no JSON: what sends is no worker. */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) at = this.awaited.length > 0 ? this.fill(chunk, at) : this.readLine(chunk, at);
  }

  private readLine(chunk: Uint8Array, from: number): number {
    const end = chunk.indexOf(10, from);
    this.line.push(chunk.slice(from, end < 0 ? chunk.length : end));
    if (end < 0) return chunk.length;
    const { tensors, ...header } = JSON.parse(Buffer.concat(this.line).toString()) as {
      tensors?: [string, number[]][];
    };
    this.line = [];
    this.header = header;
    this.awaited = (tensors ?? []).map(([name, shape]) => ({
      name,
      tensor: { shape, data: new Float32Array(product(shape)) },
    }));
    this.deliver();
    return end + 1;
  }

  private fill(chunk: Uint8Array, from: number): number {
    const { data } = this.awaited[0]!.tensor;
    const count = Math.min(data.byteLength - this.filled, chunk.length - from);
    bytesOf(data).set(chunk.subarray(from, from + count), this.filled);
    this.filled += count;
    this.deliver();
    return from + count;
  }

  /** Takes off what is complete, empty tensors among it; then the frame, where it is. */
  private deliver(): void {
    while (this.awaited.length > 0 && this.filled === this.awaited[0]!.tensor.data.byteLength) {
      const { name, tensor } = this.awaited.shift()!;
      this.tensors.set(name, tensor);
      this.filled = 0;
    }
    if (this.awaited.length > 0 || !this.header) return;
    const frame = { header: this.header, tensors: this.tensors };
    this.header = undefined;
    this.tensors = new Map();
    this.onFrame(frame);
  }
}
