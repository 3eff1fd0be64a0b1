import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { drawSets, findSets } from '../../src/reproduce/sets.ts';
import { lookalikes, put } from '../data/lookalikes.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-sets-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('data sets', () => {
  it('data sets are recognised by their classes, by themselves and in a folder with others', async () => {
    await lookalikes.mvtec(join(folder, 'mine', 'first'));
    await lookalikes.btad(join(folder, 'mine', 'second'));
    await put(folder, 'mine/third/readme.txt', 'text');
    const found = await findSets([join(folder, 'mine')]);
    expect([...found].map(([name, { root }]) => [name, root])).toEqual([
      ['MVTec AD', join(folder, 'mine', 'first')],
      ['BTAD', join(folder, 'mine', 'second')],
    ]);
    expect([...(await findSets([join(folder, 'mine', 'second')])).keys()]).toEqual(['BTAD']);
  });

  it('data sets are refused where it is not clear which, or none', async () => {
    await lookalikes.mvtec(join(folder, 'a'));
    await lookalikes.mvtec(join(folder, 'b'));
    await expect(findSets([folder])).rejects.toThrow(/MVTec AD is at .*a and again at .*b/);
    await put(folder, 'c/widget/train/good/0.png', '');
    await expect(findSets([join(folder, 'c')])).rejects.toThrow(/neither it nor a folder in it is MVTec AD/);
    await rm(join(folder, 'b', 'screw', 'test'), { recursive: true });
    await rm(join(folder, 'b', 'screw', 'ground_truth'), { recursive: true });
    await expect(findSets([join(folder, 'b')])).rejects.toThrow(/b: has no test image/);
    await expect(findSets([join(folder, 'd')])).rejects.toThrow(/does not exist/);
  });

  it('data sets are drawn once, and what a killed drawing left is removed', async () => {
    const size = { classes: 2, train: 2, test: 2, size: 32, seed: 0 };
    const own = '1-2x2+2-32px-seed0';
    await put(folder, `${own}.99999999.tmp/half.png`, '');
    let drawn = 0;
    const draw = () => drawSets(folder, ['VisA'], size, () => drawn++);
    const first = await draw();
    expect(await readdir(folder)).toEqual([own]);
    expect(first.get('VisA')!.train).toHaveLength(4);
    drawn = 0;
    expect(await draw()).toEqual(first);
    expect(drawn).toBe(0);
  });
});
