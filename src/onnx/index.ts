/** ONNX files, both ways. */
// For the declarations: it says what values of each op know.
import '../graph/ops/index.ts';

export { fromOnnx, type OnnxInput, type OnnxNetwork, type OnnxPort } from './fromOnnx.ts';
export { type Example, type ToOnnxOptions, toOnnx } from './writing/toOnnx.ts';
