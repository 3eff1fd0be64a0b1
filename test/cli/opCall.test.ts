import { describe, expect, it } from 'vitest';
import { argumentsOf, callName, operandOf, parseCall } from '../../src/cli/opCall.ts';

describe('a call in one text', () => {
  it('a call in one text has operands of any form, options, and lists that are arguments', () => {
    const call = parseCall(
      'op',
      'conv2d [1,96,37,53] [160, 96, 3, 3]:state stride=[2, 1] padding=1 bias=$2 160',
    );
    expect(call.operands.map(({ shape }) => shape)).toEqual([
      [1, 96, 37, 53],
      [160, 96, 3, 3],
    ]);
    expect(call.args).toEqual(['stride=[2, 1]', 'padding=1', 'bias=$2', '160']);
    expect(callName(call)).toBe('conv2d stride=[2, 1] padding=1 bias=$2 160 $1:state');
    const moved = parseCall('op', 'permute 2x3x4 =[2,0,1]');
    expect(argumentsOf('op', ['x'], moved.args)).toEqual(['x', [2, 0, 1]]);
    const joined = parseCall('op', 'concat [2,3] [2,5] [$0,$1] 1');
    expect(joined.operands).toHaveLength(2);
    expect(argumentsOf('op', ['a', 'b'], joined.args)).toEqual([['a', 'b'], 1]);
    const looked = parseCall('op', 'gather [1000,64] [512]:i32:0..1000');
    expect(looked.operands[1]).toMatchObject({ shape: [512], dtype: 'i32', range: [0, 1000] });
    expect(callName(looked)).toBe('gather $1:i32:0..1000');
    expect(parseCall('op', 'add [] scalar').operands.map(({ shape }) => shape)).toEqual([[], []]);
    expect(argumentsOf('op', ['x'], ['mode=nearest', 'size=[4,4]', '0.5', 'same'])).toEqual([
      'x',
      0.5,
      'same',
      { mode: 'nearest', size: [4, 4] },
    ]);
  });

  it.each<[string, () => unknown, string]>([
    ['no function', () => parseCall('bench op', ''), 'bench op: expects a function of the library, got '],
    ['a misspelt one', () => parseCall('bench op', 'sofmax [3]'), 'got sofmax (did you mean softmax?)'],
    ['a misspelt trait', () => parseCall('bench op', 'relu [3]:stat'), 'stat (did you mean state?)'],
    ['a falling range', () => operandOf('[3]:1..0'), 'got [3]:1..0'],
    ['no size', () => operandOf('[3,x]', '--bind a'), '--bind a expects sizes such as [2,64,8,8]'],
    ['an option twice', () => argumentsOf('op', ['x'], ['axis=0', 'axis=1']), 'got axis= twice'],
    ['two types', () => operandOf('[3]:i32:f16'), 'got [3]:i32:f16'],
    ['no operand', () => argumentsOf('op', ['x'], ['bias=$1']), '$1 is no operand: 1 shapes are given'],
  ])('a call is refused that has %s', (_, call, message) => {
    expect(call).toThrow(
      expect.objectContaining({ code: 'E_CONFIG', message: expect.stringContaining(message) }),
    );
  });
});
