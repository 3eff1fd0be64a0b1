import { afterEach, describe, expect, it, type TestContext, vi } from 'vitest';
import { addressShortage } from '../../src/addressRoom.ts';
import type { OutOfMemoryError } from '../../src/errors.ts';
import { hostMemory } from '../../src/gpu/hostMemory.ts';
import { memoryRoom } from '../../src/gpu/memoryRoom.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { shift } from '../../src/graph/ops/pointwise.ts';
import { input, type Value } from '../../src/graph/value.ts';
import { Engine } from '../../src/runtime/engine.ts';
import { compileBatch, compileFitting } from '../../src/runtime/fitBatch.ts';
import { type Gpu, openDevice } from '../../src/runtime/gpu.ts';
import { sessionOn } from '../../src/runtime/session.ts';
import type { ReadSystemFile } from '../../src/systemFile.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** A system of these files. */
const system =
  (files: Readonly<Record<string, string>>): ReadSystemFile =>
  (path) =>
    files[path];
const meminfo = (available: number) => ({
  '/proc/meminfo': `MemTotal:       ${(64 * GIB) / 1024} kB\nMemFree:          1000 kB\nMemAvailable:   ${available / 1024} kB\n`,
});
const group = (folder: string, limit: number | string, used: number, cached = 0) => ({
  [`${folder}/memory.max`]: `${limit}\n`,
  [`${folder}/memory.current`]: `${used}\n`,
  [`${folder}/memory.stat`]: `anon 1\ninactive_file ${cached}\nactive_file 9\n`,
});
const oldGroup = (folder: string, limit: number | string, used: number, cached = 0) => ({
  [`${folder}/memory.limit_in_bytes`]: `${limit}\n`,
  [`${folder}/memory.usage_in_bytes`]: `${used}\n`,
  [`${folder}/memory.stat`]: `inactive_file 7\ntotal_inactive_file ${cached}\n`,
});
const within = (line: string) => ({ '/proc/self/cgroup': `${line}\n` });

it('address space is refused where it is limited to less than a device or a thread takes', () => {
  const left = (limit: string) =>
    addressShortage(
      'x',
      system({
        '/proc/self/limits': `Max address space  ${limit}  y bytes\n`,
        '/proc/self/status': 'VmSize:\t1024 kB\n',
      }),
    );
  expect(left('unlimited')).toBeNull();
  expect(left(String(GIB))).toBeNull();
  expect(left(String(800 * MIB))).toMatchObject({
    code: 'E_OUT_OF_MEMORY',
    message: 'x: takes 800 MiB of address space, this process has 799 MiB left',
    fix: expect.stringContaining('ulimit -v'),
  });
  expect(addressShortage('x', system({}))).toBeNull();
});

describe('the memory that is available', () => {
  it.each([
    ['the machine has', meminfo(3 * GIB), 3 * GIB],
    [
      'a control group leaves',
      { ...meminfo(8 * GIB), ...within('0::/job'), ...group('/sys/fs/cgroup/job', 2 * GIB, GIB) },
      GIB,
    ],
    [
      'a control group leaves, where cached files are dropped for it',
      { ...meminfo(8 * GIB), ...within('0::/job'), ...group('/sys/fs/cgroup/job', 2 * GIB, GIB, 512 * MIB) },
      1.5 * GIB,
    ],
    [
      'the machine has, where its group has no limit',
      { ...meminfo(8 * GIB), ...within('0::/job'), ...group('/sys/fs/cgroup/job', 'max', GIB) },
      8 * GIB,
    ],
    [
      'the group above leaves',
      {
        ...meminfo(8 * GIB),
        ...within('0::/a/b'),
        ...group('/sys/fs/cgroup/a/b', 4 * GIB, GIB),
        ...group('/sys/fs/cgroup/a', 5 * GIB, 4 * GIB),
      },
      GIB,
    ],
    [
      'a container leaves, whose path is that on the machine',
      { ...meminfo(8 * GIB), ...within('0::/docker/abc'), ...group('/sys/fs/cgroup', GIB, 256 * MIB) },
      768 * MIB,
    ],
    [
      'a group of version 1 leaves',
      {
        ...meminfo(8 * GIB),
        ...within('5:cpu,cpuacct:/x\n4:memory:/job\n0::/'),
        ...oldGroup('/sys/fs/cgroup/memory/job', 2 * GIB, 1.5 * GIB, 0.25 * GIB),
      },
      0.75 * GIB,
    ],
    [
      'the machine has, where version 1 says no limit by its largest number',
      {
        ...meminfo(8 * GIB),
        ...within('4:memory:/'),
        ...oldGroup('/sys/fs/cgroup/memory', '9223372036854771712', GIB),
      },
      8 * GIB,
    ],
    [
      'the address space leaves, where it is limited',
      {
        ...meminfo(8 * GIB),
        '/proc/self/limits':
          'Max address space         3221225472           unlimited            bytes     \n',
        '/proc/self/status': `VmSize:\t ${GIB / 1024} kB\n`,
      },
      2 * GIB,
    ],
    [
      'the machine has, where the address space is not limited',
      {
        ...meminfo(8 * GIB),
        '/proc/self/limits':
          'Max address space         unlimited            unlimited            bytes     \n',
        '/proc/self/status': `VmSize:\t ${GIB / 1024} kB\n`,
      },
      8 * GIB,
    ],
    [
      'nothing, where a group is over its limit',
      { ...meminfo(8 * GIB), ...within('0::/job'), ...group('/sys/fs/cgroup/job', GIB, 2 * GIB) },
      0,
    ],
  ])('the memory that is available is what %s', (_, files, expected) => {
    expect(hostMemory(system(files as Record<string, string>)).available()).toBe(expected);
  });

  it.runIf(process.platform === 'linux')('the memory that is available is read from this machine', () => {
    const { available, resident, total } = hostMemory();
    expect(available()).toBeGreaterThan(0);
    expect(available()).toBeLessThanOrEqual(total()!);
    expect(resident()).toBeGreaterThan(MIB);
  });

  it.skipIf(process.platform === 'win32')(
    'the memory that is available is unknown where a system tells nothing',
    () => {
      const host = hostMemory(system({}));
      expect(host.resident()).toBeUndefined();
      expect(host.available()).toBeUndefined();
    },
  );
});

describe('room for memory', () => {
  it('room for memory counts what was given out and not yet written', () => {
    let [live, resident] = [0, 100 * MIB];
    const host = { available: () => 1000 * MIB, resident: () => resident, total: () => undefined };
    const room = memoryRoom(host, () => live);
    expect(room.available()).toBe(904 * MIB);
    live = 300 * MIB;
    expect(room.available()).toBe(604 * MIB);
    resident = 400 * MIB;
    expect(room.available()).toBe(904 * MIB);
  });

  it('room for memory leaves a share for everything else, and at least what compilers and images take', () => {
    const roomOf = (bytes: number) =>
      memoryRoom(
        having(() => bytes),
        () => 0,
      ).available();
    expect([4000, 1920, 1000, 96, 10].map((mib) => roomOf(mib * MIB)! / MIB)).toEqual([
      3800, 1824, 904, 0, 0,
    ]);
  });

  it('room for memory is looked for again when what was seen is given out', () => {
    let looks = 0;
    const host = { ...having(() => 2 * GIB), available: () => 2 * GIB * Math.min(1, ++looks) };
    const room = memoryRoom(host, () => 0);
    for (let i = 0; i < 1000; i++) room.require('small', 1024);
    expect(looks).toBe(1);
    for (let i = 0; i < 10; i++) room.require('large', 100 * MIB);
    expect(looks).toBe(11);
  });
});

/** As if the machine had so much available, whatever the process holds. */
const having = (available: () => number) => ({
  available,
  resident: () => undefined,
  total: () => undefined,
});
/** What a kernel that is not compiled yet takes beside a plan's own memory. */
const KERNEL = 1_258_291;
const NOT_ENOUGH = (what: RegExp) =>
  expect.objectContaining({ code: 'E_OUT_OF_MEMORY', message: expect.stringMatching(what) });

describe('on a software adapter, more than the machine has', () => {
  const numbers = (batch: number): Graph => ({
    outputs: new Map([['y', shift(input('x', [batch, MIB]), 1)]]),
    effects: [],
  });
  const NEEDS = 'needs a software adapter: others have memory of their own';
  const softwareDevice = async (skip: TestContext['skip'], available: () => number): Promise<Gpu> => {
    const gpu = await openDevice({ host: having(available) });
    if (!gpu.adapter.software) gpu.close();
    skip(!gpu.adapter.software, NEEDS);
    return gpu;
  };
  const job = { label: 'shifting', batch: 16, least: 1, graphsAt: (batch: number) => [numbers(batch)] };

  it('a plan of more memory than there is is refused before it is taken, with what would fit', async ({
    skip,
  }) => {
    const gpu = await softwareDevice(skip, () => 196 * MIB);
    const session = sessionOn(gpu);
    const error = (await compileBatch(session, job).catch((caught: unknown) => caught)) as OutOfMemoryError;
    // 4 MiB of an image: in and out, an upload ring of two, the read-back; and what the kernel reads of sizes.
    expect(Math.floor(error.asked / MIB)).toBe(16 * 20);
    expect(error).toMatchObject({
      code: 'E_OUT_OF_MEMORY',
      available: 100 * MIB - KERNEL,
      fix: expect.stringContaining('use --batch 4 or less'),
    });
    // A batch that fits this plan alone would only be refused later.
    for (const [held, fix] of [
      [0, 'use --batch 2 or less'],
      [30 * MIB, 'use --batch 1 or less'],
      [70 * MIB, 'train at a smaller --size'],
    ] as const) {
      const others = { graphsAt: (each: number) => [numbers(1), numbers(2 * each)], bytes: held };
      await expect(compileBatch(session, { ...job, others })).rejects.toMatchObject({
        fix: expect.stringContaining(fix),
      });
    }
    expect(gpu.buffers.counters).toMatchObject({ live: 0, buffers: 0 });
    const { executable, batch } = await compileFitting(session, job);
    expect(batch).toBe(4);
    executable.destroy();
    gpu.guard.check();
    session.close();
  });

  it('a plan whose kernels have no room is refused, and taken where they are compiled already', async ({
    skip,
  }) => {
    let available = 96 * MIB + KERNEL;
    const gpu = await softwareDevice(skip, () => available);
    const session = sessionOn(gpu);
    const small = (label: string) =>
      session.compile(label, {
        outputs: new Map([['y', shift(input('x', [16]), 1)]]),
        effects: [],
      });
    await expect(small('first')).rejects.toThrow(
      NOT_ENOUGH(/^first: needs 0\.0 MiB of memory, this machine has 0\.0 MiB left for it$/),
    );
    available = 96 * MIB + 2 * KERNEL;
    const first = await small('second');
    available = 97 * MIB;
    const second = await small('third');
    first.destroy();
    second.destroy();
    session.close();
  });

  it('state of more memory than there is is refused', async ({ skip }) => {
    const gpu = await softwareDevice(skip, () => 106 * MIB);
    const session = sessionOn(gpu);
    expect(() => session.state.set('w', new Float32Array(4 * MIB), [4 * MIB])).toThrow(
      NOT_ENOUGH(/^state w and its upload: needs 32.0 MiB of memory, this machine has 10.0 MiB left for it$/),
    );
    session.close();
  });

  describe('in an engine', () => {
    afterEach(() => vi.restoreAllMocks());
    const engineWith = async (available: () => number): Promise<Engine> => {
      const { readFileSync } = await import('node:fs');
      vi.spyOn(process, 'getBuiltinModule').mockReturnValue({
        readFileSync: (path: string) =>
          path === '/proc/meminfo' ? meminfo(available())[path] : readFileSync('/does/not/exist'),
        platform: () => 'linux',
        totalmem: () => GIB,
      } as never);
      return Engine.create({ planBytes: GIB });
    };

    it('tensors, weights and results of more memory than there is are refused, and the engine stays usable', async ({
      skip,
    }) => {
      let available = GIB;
      using engine = await engineWith(() => available);
      skip(!engine.adapter.software, NEEDS);
      using add = engine.compile((x: Value) => shift(x, 1));
      const x = engine.tensor(new Float32Array(MIB), [MIB]);
      engine.free(await add(x));
      available = 3 * MIB;
      const large = { shape: [30 * MIB], data: new Float32Array(30 * MIB) };
      expect(() => engine.tensor(large.data, large.shape)).toThrow(
        NOT_ENOUGH(/tensor \d+ and its upload: needs 240.0 MiB/),
      );
      expect(() => engine.load([['w', large]])).toThrow(
        NOT_ENOUGH(/tensor \d+ and its upload: needs 240.0 MiB/),
      );
      const before = engine.memory();
      const results: unknown[] = [];
      await expect(
        (async () => {
          for (let i = 0; i < 30; i++) results.push(await add(x));
        })(),
      ).rejects.toThrow(NOT_ENOUGH(/needs 4.0 MiB/));
      expect(engine.memory().buffers).toBe(before.buffers + results.length);
      available = GIB;
      const y = await add(x);
      expect((await y.data())[0]).toBe(1);
    });

    it('an engine frees plans that no call needs before it refuses memory', async ({ skip }) => {
      let available = GIB;
      using engine = await engineWith(() => available);
      skip(!engine.adapter.software, NEEDS);
      using add = engine.compile((x: Value) => shift(x, 1));
      const x = engine.tensor(new Float32Array(10), [10]);
      engine.free(await add(x));
      const small = engine.tensor(new Float32Array(20), [20]);
      const live = engine.memory().plans;
      expect(live).toBe(1);
      // Little, until the plan is gone.
      available = 1024;
      vi.spyOn(engine.gpu.buffers, 'destroy').mockImplementationOnce(() => {
        available = GIB;
      });
      engine.free(await add(small));
      expect(engine.memory().plans).toBe(1);
    });
  });
});
