import { describe, expect, it } from 'vitest';
import { deviceFacts } from '../../src/cli/deviceFacts.ts';
import { operandOf } from '../../src/cli/opCall.ts';
import { opGraph } from '../../src/cli/opGraph.ts';
import { DEVICES } from '../../src/kernels/devices.ts';
import { BASELINE_DEVICE, type DeviceFacts } from '../../src/kernels/kernel.ts';
import { buildPlan } from '../../src/plan/buildPlan.ts';
import { wgad, wgadHere } from './wgad.ts';

/** No adapter can be found in there. */
const NO_DRIVER = { VK_ICD_FILENAMES: '/nonexistent', VK_DRIVER_FILES: '/nonexistent' };

/** Labels of the kernels of a call as the command line has it. */
function labels(
  call: string,
  {
    shapes,
    device = BASELINE_DEVICE,
    gradient = false,
  }: { shapes: string; device?: DeviceFacts; gradient?: boolean },
): string[] {
  const [op, ...args] = call.split(' ') as [string, ...string[]];
  const graph = opGraph(
    op,
    shapes.split(' ').map((each) => operandOf(each)),
    args,
    gradient,
  );
  return buildPlan(graph, device).dispatches.map(({ kernel }) => kernel.label);
}

describe('wgad kernels show', () => {
  it('kernels show prints graph, plan, and each kernel as WGSL under its costs, without an adapter', async () => {
    const { code, stdout, stderr } = await wgad(['kernels', 'show', 'gelu', '--shape', '64x128'], NO_DRIVER);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain('%1 = pointwise(%0) [64, 128] {program: t0 = gelu(x0)}');
    expect(stdout).toContain('x0 read f32 x 8192, as vectors of four in input x0; out write f32 x 8192');
    const kernel = stdout.slice(stdout.indexOf('// pointwise gelu\n'));
    expect(kernel).toMatch(/^\/\/ 32 x 1 x 1 workgroups, \d+ FLOP, at least 65536 bytes moved$/m);
    expect(kernel).toContain('@group(0) @binding(1) var<storage, read_write> out: array<vec4<f32>>;');
    expect(kernel).toContain('fn main(');
  });

  it('kernels show lists the kernels of a model, those that a filter finds', async () => {
    const model = ['--model', 'resnet18_w16', '--size', '64', '--batch', '2', '--device', 'cpu'];
    const { code, stdout } = await wgadHere([
      'kernels',
      'show',
      ...model,
      '--list',
      '--filter',
      'layer1.*conv2d',
    ]);
    expect(code).toBe(0);
    const lines = stdout.trim().split('\n');
    expect(lines.every((line) => /layer1.*conv2d/.test(line))).toBe(true);
    expect(lines.some((line) => /conv2dWeightGrad/.test(line))).toBe(true);
  });

  it('kernels show has the same as JSON', async () => {
    const { stdout } = await wgadHere(['kernels', 'show', 'relu', '--shape', '8', '--json']);
    const { device, plans } = JSON.parse(stdout);
    expect(device).toEqual({ ...BASELINE_DEVICE });
    expect(plans).toHaveLength(1);
    expect(plans[0].kernels[0]).toMatchObject({ label: 'pointwise relu', grid: [1, 1, 1], dispatches: 1 });
  });

  it.each([
    [['gleu', '--shape', '3'], 'expects a function of the library, got gleu (did you mean gelu?)'],
    [['gelu', '--shape', '3', '--device', 'gpuu'], 'expects cpu, gpu, gpu-f16 or a fact'],
    [['--model', 'none', '--method', 'revdist'], 'revdist reads resnet18'],
    [[], 'expects an op or --model, got neither'],
    [['relu', '--shape', '2', '--size', '64'], '--method and --size are for --model'],
    [['--model', 'resnet18', '--gradient'], '--shape and --gradient are for an op'],
  ])('kernels show %j is refused', async (args, message) => {
    const { code, stdout, stderr } = await wgadHere(['kernels', 'show', ...args]);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
    expect(stdout).toBe('');
  });
});

describe('a call on the command line', () => {
  it('a call has options, plain arguments, and operands where they are named', () => {
    expect(labels('conv2d padding=1 bias=$2', { shapes: '1x4x8x8 8x4x3x3 8' })).toHaveLength(1);
    expect(labels('clamp 0 6', { shapes: '4x5' })).toEqual(['pointwise clamp']);
    expect(labels('interpolate mode=nearest size=8', { shapes: '1x2x4x4' })).toHaveLength(1);
    expect(labels('concat ["$0","$1"] 1', { shapes: '2x3 2x5' })).toEqual(['concat part 0', 'concat part 1']);
  });

  it('a call has gradients of all its operands', () => {
    const found = labels('conv2d', { shapes: '2x8x6x6 8x8x3x3', gradient: true }).join();
    expect(found).toContain('conv2dInputGrad');
    expect(found).toContain('conv2dWeightGrad');
  });

  it('a call packs weights ahead where they are state', () => {
    const graph = opGraph(
      'conv2d',
      ['1x64x32x32', '64x64x3x3:state'].map((each) => operandOf(each)),
      ['padding=1'],
      false,
    );
    expect(buildPlan(graph, DEVICES.cpu).prelude).toBe(1);
  });

  it.each([
    ['gelu', '3:f3', '--shape expects sizes such as [2,64,8,8], 2x64x8x8 or scalar'],
    ['gelu', '3xx4', '--shape expects sizes'],
    ['conv2d paddng=1', '1x4x8x8 8x4x3x3', 'got paddng (did you mean padding?)'],
    ['conv2d bias=$2', '1x4x8x8 8x4x3x3', '$2 is no operand: 2 shapes are given'],
    ['conv2d', '1x4x8x8 8x5x3x3', 'weight expects 4 input channels'],
    ['conv2dInputGrad', '1x4x8x8 8x4x3x3', 'got conv2dInputGrad'],
  ])('the call %s of %s is refused', (call, shapes, message) => {
    expect(() => labels(call, { shapes })).toThrow(message);
  });
});

describe('facts of a device', () => {
  it('the facts of a device are those of a known one, with changes', () => {
    expect(deviceFacts('cpu')).toEqual(DEVICES.cpu);
    expect(deviceFacts('gpu,subgroupSize=32,f16')).toEqual({
      ...BASELINE_DEVICE,
      subgroupSize: 32,
      f16: true,
    });
    expect(deviceFacts('subgroupMatrix=16x8x16,f16=false')).toEqual({
      ...BASELINE_DEVICE,
      subgroupMatrix: { m: 16, n: 8, k: 16 },
    });
  });

  it.each([
    ['cpuu', 'did you mean cpu?'],
    ['gpu,subgroupSiz=8', 'did you mean subgroupSize?'],
    ['gpu,subgroupSize=7', 'expects 0 or a power of two'],
    ['gpu,subgroupSize=32,subgroupSize=16', 'expects each fact once, got subgroupSize twice'],
    ['gpu,f16=yes', 'f16 expects true or false, got yes'],
    ['gpu,subgroupMatrix=16', 'subgroupMatrix expects sizes such as 16x16x16'],
    ['gpu,workgroupBytes=-1', 'workgroupBytes expects a whole number'],
    ['', 'expects cpu, gpu, gpu-f16 or a fact'],
  ])('the device facts %j are refused', (text, message) => {
    expect(() => deviceFacts(text)).toThrow(message);
  });
});
