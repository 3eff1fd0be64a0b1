import { describe, expect, it } from 'vitest';
import { CARDS, issueClocks, peakMultiplyAdds } from '../../src/isa/cards.ts';
import { parseCompilation } from '../../src/isa/compile.ts';
import { memoryAccess, multiplyAdds, parseListing, unitOf } from '../../src/isa/listing.ts';
import { describeText } from '../../src/isa/ownText.ts';
import { type Described, readKernel } from '../../src/isa/reading.ts';

/**
 * Sums `sizes.x` turns of eight products from the workgroup's memory: an outer loop whose length is read, an inner one of 8,
 * a store of each lane. The LDS is read with 256 bytes between lanes.
 */
const LLVM = `BB0:
	s_movk_i32 s3, 0x8000                                       ; b0038000
	s_load_b128 s[4:7], s[2:3], 0x10                            ; f4080101 f8000010
	s_load_b128 s[8:11], s[2:3], null                           ; f4080201 f8000000
	s_waitcnt lgkmcnt(0)                                        ; bf89fc07
	s_buffer_load_b32 s12, s[4:7], null                         ; f4200302 f8000000
	v_lshlrev_b32_e32 v1, 8, v0                                 ; 30020088
	v_mov_b32_e32 v2, 0                                         ; 7e040280
	s_mov_b32 s0, 0                                             ; be800080
	s_mov_b64 exec, -1                                          ; befe01c1
BB1:
	s_cmp_lt_u32 s0, s12                                        ; bf0a0c00
	s_cbranch_scc0 BB4                                          ; bfa1000a
BB2:
	s_mov_b32 s1, 0                                             ; be810080
BB3:
	ds_load_b32 v3, v1 offset:16                                ; d8d80010 03000001
	s_waitcnt lgkmcnt(0)                                        ; bf89fc07
	v_fmac_f32_e32 v2, v3, v3                                   ; 56040703
	s_add_u32 s1, s1, 1                                         ; 80018101
	s_cmp_lt_u32 s1, 8                                          ; bf0a8801
	s_cbranch_scc1 BB3                                          ; bfa2fffa
	s_add_u32 s0, s0, 1                                         ; 80008100
	s_branch BB1                                                ; bfa0fff5
BB4:
	v_lshlrev_b32_e32 v4, 2, v0                                 ; 30080082
	buffer_store_b32 v2, v4, s[8:11], 0 offen                   ; e0680000 80420204
	s_endpgm                                                    ; bfb00000`;

/** The same from ACO's own printer. */
const ACO = `BB0
/* logical preds: / linear preds: / kind: top-level, */
	 s1: %0:s[3] = s_movk_i32 imm:-32768
	 s4: %1:s[4-7] = s_load_dwordx4 %2:s[2-3], 16
	 s4: %3:s[8-11] = s_load_dwordx4 %2:s[2-3], 0
	s_wait_kmcnt imm:0
	 s1: %4:s[12] = s_buffer_load_dword %1:s[4-7], 0
	 v1: %5:v[1] = v_lshlrev_b32 8, (is16bit)%6:v[0]
	 v1: %0:v[2] = v_mov_b32 0
	 s1: %0:s[0] = s_mov_b32 0
	 s2: %0:exec = s_mov_b64 -1
BB1
/* logical preds: BB0, BB3, / linear preds: BB0, BB3, / kind: loop-header, */
	 s1: %7:scc = s_cmp_lt_u32 %0:s[0], (latekill)%4:s[12]
	s_cbranch_scc0 block:BB4
BB2
	 s1: %0:s[1] = s_mov_b32 0
BB3
	 v1: %8:v[3] = ds_read_b32 %5:v[1] offset0:16 storage:shared
	s_wait_dscnt imm:0
	 v1: (precise)%9:v[2] = v_fmac_f32 %8:v[3], %8:v[3], %0:v[2]
	 s1: %0:s[1],  s1: %10:scc = s_add_u32 %0:s[1], 1
	 s1: %11:scc = s_cmp_lt_u32 %0:s[1], 8
	s_cbranch_scc1 block:BB3
	 s1: %0:s[0],  s1: %12:scc = s_add_u32 %0:s[0], 1
	s_branch block:BB1
BB4
	 v1: %13:v[4] = v_lshlrev_b32 2, %6:v[0]
	buffer_store_dword %3:s[8-11], %13:v[4], 0, %9:v[2] offen disable_wqm storage:buffer
	s_endpgm`;

const KERNEL: Described = {
  label: 'sums',
  wgsl: '@compute @workgroup_size(64) fn main() {}',
  bindings: [{ name: 'out', access: 'write', element: 'f32', length: 640 }],
  sizes: { turns: 5 },
  grid: [10, 1, 1],
  bytes: 2560,
};
const STATISTICS = { VGPRs: 12, SGPRs: 128, 'Spilled VGPRs': 0, 'LDS size': 16_384, 'Subgroups per SIMD': 8 };

describe.each([
  ['LLVM', LLVM],
  ["ACO's printer", ACO],
])('a listing of %s', (_, listing) => {
  it('loops are counted, nested ones too, and the length of one that is read', () => {
    const reading = readKernel(KERNEL, { listing, statistics: STATISTICS }, CARDS.navi31!);
    expect(reading.mix.fma).toBe(40);
    expect(reading.loop).toMatchObject({ turns: 40, fma: 40, lds: 40, wait: 40, salu: 80, branch: 40 });
    expect(reading.loopShare).toBeCloseTo(1 / 6);
    expect(reading.multiplyAdds).toBe(40 * 64 * 10);
    expect(reading.unknownBranches).toBe(0);
    expect(reading.lanes).toBe(64);
  });

  it('accesses have their widths, bank conflicts and use of lines', () => {
    const { accesses } = readKernel(KERNEL, { listing, statistics: STATISTICS }, null);
    // All lanes of a pass lie in one bank; without conflicts two passes of 32 lanes would do.
    expect(accesses).toEqual([
      { what: 'workgroup', kind: 'load', bytes: 4, times: 40, conflicts: 32, used: null },
      { what: 'out', kind: 'store', bytes: 4, times: 1, conflicts: null, used: 1 },
    ]);
  });

  it('the slowest part decides, which conflicts make the memory of the workgroup', () => {
    const { predicted } = readKernel(KERNEL, { listing, statistics: STATISTICS }, CARDS.navi21!);
    // 40 reads of 64 passes; one workgroup on a compute unit.
    expect(predicted!.parts.lds).toBeCloseTo((40 * 64) / 2250);
    expect(predicted!.filled).toBeCloseTo(10 / 160);
    // Alone, each turn waits 64 clocks.
    expect(predicted!.parts.latency).toBeGreaterThan((40 * 64) / 2250);
    expect(predicted!.bound).toBe('latency');
  });
});

it('a branch on loaded data is said to be unknown', () => {
  const compared = 'v_readfirstlane_b32 s13, v3\n\ts_cmp_lt_u32 s13, 8';
  const listing = LLVM.replace('s_cmp_lt_u32 s1, 8', compared);
  expect(readKernel(KERNEL, { listing, statistics: STATISTICS }, null).unknownBranches).toBe(5);
});

it.each([
  ['v_fmac_f32_e32 v1, v2, v3', 'fma', 1],
  ['v_pk_fma_f16 v1, v2, v3, v1', 'fma', 2],
  ['v_dot2_f32_f16 v1, v2, v3, v1', 'fma', 2],
  ['v_fma_mix_f32 v1, v2, v3, v1 op_sel_hi:[1,1,0]', 'fma', 1],
  ['v_dual_fmac_f32 v1, v2, v3 :: v_dual_fmac_f32 v4, v5, v6', 'fma', 2],
  ['v_wmma_f32_16x16x16_f16 v[0:7], v[8:15], v[16:23], v[0:7]', 'matrix', 4096],
  ['v_exp_f32_e32 v1, v2', 'transcendental', 0],
  ['v_add_nc_u32_e32 v1, v2, v3', 'valu', 0],
  ['s_buffer_load_b128 s[4:7], s[0:3], 0x10', 'smem', 0],
  ['s_delay_alu instid0(VALU_DEP_1) | instskip(NEXT) | instid1(VALU_DEP_1)', 'wait', 0],
  ['s_barrier', 'barrier', 0],
  ['s_cbranch_vccnz BB0', 'branch', 0],
])('%s goes to %s', (text, unit, macs) => {
  const [instruction] = parseListing(`BB0:\n\t${text}`).instructions;
  expect(unitOf(instruction!)).toBe(unit);
  expect(multiplyAdds(instruction!)).toBe(macs);
});

it.each([
  ['buffer_load_dwordx4 v[0:3], v4, s[0:3], 0 offen', { kind: 'load', bytes: 16, places: 1 }],
  ['buffer_load_b64 v[0:1], v4, s[0:3], 0 offen', { kind: 'load', bytes: 8, places: 1 }],
  ['buffer_store_short v0, v4, s[0:3], 0 offen', { kind: 'store', bytes: 2, places: 1 }],
  ['buffer_load_d16_b16 v0, v4, s[0:3], 0 offen', { kind: 'load', bytes: 2, places: 1 }],
  ['ds_read2_b64 v[0:3], v4 offset0:1 offset1:3', { kind: 'load', bytes: 8, places: 2 }],
  ['ds_store_2addr_b32 v0, v1, v2 offset1:1', { kind: 'store', bytes: 4, places: 2 }],
  ['buffer_atomic_add_u32 v0, v1, s[0:3], 0 offen', { kind: 'atomic', bytes: 4, places: 1 }],
  ['ds_bpermute_b32 v0, v1, v2', null],
])('%s accesses memory', (text, access) => {
  expect(memoryAccess(parseListing(`BB0:\n\t${text}`).instructions[0]!)).toEqual(access);
});

it('rates are those of the data sheets', () => {
  // Tera multiply-adds a second: 61.4, 23.0, 13.4 and 25.6 TFLOP/s.
  const rates = ['navi31', 'navi21', 'vega20', 'gfx1200'].map((name) => 2 * peakMultiplyAdds(CARDS[name]!));
  expect(rates.map((rate) => Math.round(rate / 100) / 10)).toEqual([61.4, 23, 13.4, 25.6]);
  const [fma, product] = parseListing(
    'BB0:\n\tv_fmac_f32 v1, v2, v3\n\tv_mul_lo_u32 v1, v2, v3',
  ).instructions;
  const clocks = (['rdna3', 'rdna2', 'gcn'] as const).map((generation) => [
    issueClocks(fma!, 'fma', 64, generation),
    issueClocks(product!, 'valu', 64, generation),
  ]);
  expect(clocks).toEqual([
    [1, 8],
    [2, 8],
    [4, 16],
  ]);
});

it('what the compiling process prints is taken apart by its marks', () => {
  const statistics =
    '*** SHADER STATS ***\nSGPRs: 128\nVGPRs: 12\nSpilled VGPRs: 0\nSubgroups per SIMD: 32\n****';
  const text = `noise\n@@@ opened a card\n\n@@@ kernel 0\nCompute Shader\ndisasm:\nBB0:\n\ts_endpgm\n\nCompute Shader:\n${statistics}\n
@@@ kernel 1\n\n@@@ refused "Error: no such type"\n\n@@@ kernel 2\nBB0:\n\ts_endp`;
  const { device, kernels } = parseCompilation(text, 'navi31', 3);
  expect(device).toBe('a card');
  expect(kernels[0]).toEqual({
    listing: 'BB0:\n\ts_endpgm',
    statistics: { SGPRs: 128, VGPRs: 12, 'Spilled VGPRs': 0, 'Subgroups per SIMD': 32 },
  });
  expect(kernels[1]).toBe('Error: no such type');
  expect(kernels[2]).toBe('the compiling process ended before it was done');
  expect(() => parseCompilation('radv: Unknown family: navi99', 'navi99', 1)).toThrow(
    'RADV knows no family navi99',
  );
  expect(() => parseCompilation('Segmentation fault', 'navi31', 1)).toThrow('Segmentation fault');
});

it("one's own text is described by its declarations", () => {
  const wgsl = `@group(0) @binding(1) var<storage, read_write> y: array<vec4h>;
    @group(0) @binding(0) var<storage, read> x: array<f32>;
    @group(0) @binding(2) var<uniform> sizes: Sizes;`;
  const described = describeText(wgsl, {
    label: 'mine',
    grid: [2, 1, 1],
    bind: ['x=100', 'y=8', 'sizes=3,4'],
  });
  expect(described).toMatchObject({
    bindings: [
      { name: 'x', access: 'read', element: 'f32', length: 100 },
      { name: 'y', access: 'readWrite', element: 'f16', length: 8 },
    ],
    sizes: { word0: 3, word1: 4 },
    bytes: 400 + 32,
  });
  const told = (bind: string) => () => describeText(wgsl, { label: 'mine', grid: [1, 1, 1], bind: [bind] });
  expect(told('z=1')).toThrow('the text declares x, y, sizes, got z');
  expect(told('x=many')).toThrow('expects array=elements or uniform=word,word');
});
