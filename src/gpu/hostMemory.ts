import { addressRoom } from '../addressRoom.ts';
import { builtin, kibibytes, type ReadSystemFile, readSystemFile } from '../systemFile.ts';

/** Memory available to this process, in bytes. On a software adapter this is the device's memory too. */
export interface HostMemory {
  /** Memory available without swapping, limited by control groups and by `ulimit -v`. Undefined if unknown. */
  available(): number | undefined;
  /** Total memory of the machine. Undefined if unknown. */
  total(): number | undefined;
  /** Resident memory of this process. Undefined if unknown. */
  resident(): number | undefined;
}

/** Linux: from files. Other systems: Node's free memory. Browsers: coarse or unknown. */
export function hostMemory(read: ReadSystemFile = readSystemFile): HostMemory {
  return {
    available() {
      const known = [
        availableOf(read),
        addressRoom(read),
        ...controlGroups(read).map((group) => roomIn(read, group)),
      ];
      const least = Math.min(...known.filter((bytes) => bytes !== undefined));
      return Number.isFinite(least) ? Math.max(0, least) : freeElsewhere();
    },
    total: () => builtin<typeof import('node:os')>('node:os')?.totalmem() ?? browserMemory(),
    resident: () => kibibytes(read('/proc/self/status'), 'VmRSS'),
  };
}

const availableOf = (read: ReadSystemFile): number | undefined =>
  kibibytes(read('/proc/meminfo'), 'MemAvailable');

/** The two versions of control groups: where their files are, and their field names. */
interface Files {
  readonly limit: string;
  readonly usage: string;
  /** Field of `memory.stat` for cached files, which the system drops when it needs the memory. */
  readonly cached: string;
}
const V1: Files = {
  limit: 'memory.limit_in_bytes',
  usage: 'memory.usage_in_bytes',
  cached: 'total_inactive_file',
};
const V2: Files = { limit: 'memory.max', usage: 'memory.current', cached: 'inactive_file' };

interface ControlGroup {
  readonly folder: string;
  readonly files: Files;
}

/**
 * The control groups that bound this process, from its own up to the root. In a container the process is named by its
 * path on the machine while its own group is what is mounted: folders that are not there have no files.
 */
function controlGroups(read: ReadSystemFile): ControlGroup[] {
  const lines = (read('/proc/self/cgroup') ?? '').split('\n');
  return lines.flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) return [];
    if (controllers === '') {
      return ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].flatMap((mount) =>
        upwards(mount, path).map((folder) => ({ folder, files: V2 })),
      );
    }
    if (!controllers.split(',').includes('memory')) return [];
    return upwards('/sys/fs/cgroup/memory', path).map((folder) => ({ folder, files: V1 }));
  });
}

/** `mount` + `path` and the folders above it, down to `mount`. */
function upwards(mount: string, path: string): string[] {
  const names = path.split('/').filter((name) => name !== '');
  return Array.from({ length: names.length + 1 }, (_, up) =>
    [mount, ...names.slice(0, names.length - up)].join('/'),
  );
}

/** Undefined where the group has no limit: `max`, or version 1's largest number, which needs no case of its own. */
function roomIn(read: ReadSystemFile, { folder, files }: ControlGroup): number | undefined {
  const limit = Number.parseInt(read(`${folder}/${files.limit}`) ?? '', 10);
  const usage = Number.parseInt(read(`${folder}/${files.usage}`) ?? '', 10);
  if (Number.isNaN(limit) || Number.isNaN(usage)) return undefined;
  const cached = new RegExp(`^${files.cached} (\\d+)$`, 'm').exec(read(`${folder}/memory.stat`) ?? '');
  return limit - usage + Number(cached?.[1] ?? 0);
}

/** Browsers report it in coarse steps, or not at all. */
function browserMemory(): number | undefined {
  const { deviceMemory } = (globalThis as { navigator?: { deviceMemory?: number } }).navigator ?? {};
  return deviceMemory === undefined ? undefined : deviceMemory * 2 ** 30;
}

/** macOS counts cached files as used memory, so allocations that fit would be refused. */
function freeElsewhere(): number | undefined {
  const os = builtin<typeof import('node:os')>('node:os');
  return os?.platform() === 'win32' ? os.freemem() : undefined;
}
