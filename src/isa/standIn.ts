/**
 * A Vulkan driver for a card that is not there. Mesa's RADV compiles for any AMD card (`RADV_FORCE_FAMILY`), but has no
 * command buffers to record into, and Dawn records some as soon as it opens a device. The driver built here hands all
 * to RADV except recording and submitting, which do nothing; so Dawn opens the card and compiles as it would there.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { GpuError } from '../errors.ts';

/** The driver in C. `RADV_LIBRARY`: RADV's file. A card's functions all pass `vk_icdGetInstanceProcAddr`, by name. */
const SOURCE = `
#include <dlfcn.h>
#include <string.h>

typedef void (*Function)(void);
typedef Function (*Lookup)(void *, const char *);

static Lookup radv(const char *name) {
  static void *library;
  if (!library) library = dlopen(RADV_LIBRARY, RTLD_NOW);
  return library ? (Lookup)dlsym(library, name) : 0;
}

static int nothing(void) { return 0; }

static int records(const char *name) {
  static const char *const starts[] = {"vkCmd", "vkQueue", "vkBeginCommand", "vkEndCommand", "vkResetCommand",
                                       "vkWaitForFences", "vkGetFenceStatus", "vkResetFences"};
  for (unsigned i = 0; i < sizeof starts / sizeof *starts; i++)
    if (!strncmp(name, starts[i], strlen(starts[i]))) return 1;
  return 0;
}

static Lookup of_device;

static Function device_function(void *device, const char *name) {
  Function found = of_device(device, name);
  return found && records(name) ? (Function)nothing : found;
}

Function vk_icdGetInstanceProcAddr(void *instance, const char *name) {
  Function found = radv("vk_icdGetInstanceProcAddr")(instance, name);
  if (!found) return 0;
  if (!strcmp(name, "vkGetDeviceProcAddr")) {
    of_device = (Lookup)found;
    return (Function)device_function;
  }
  return records(name) ? (Function)nothing : found;
}

Function vk_icdGetPhysicalDeviceProcAddr(void *instance, const char *name) {
  return radv("vk_icdGetPhysicalDeviceProcAddr")(instance, name);
}

int vk_icdNegotiateLoaderICDInterfaceVersion(unsigned *version) {
  return ((int (*)(unsigned *))radv("vk_icdNegotiateLoaderICDInterfaceVersion"))(version);
}
`;

const MANIFESTS = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d', '/usr/local/share/vulkan/icd.d'];
/** One architecture's or all. */
const NAMES = ['radeon_icd.json', `radeon_icd.${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.json`];

/** What it needs on a Debian or Ubuntu machine. */
const FIX =
  'on Linux: apt-get install mesa-vulkan-drivers libvulkan1 gcc (Mesa 24 or newer; on Debian 12 from bookworm-backports)';

/** @throws GpuError E_NO_ADAPTER where RADV or a C compiler is missing. */
export function requireCompiler(): { readonly radv: string; readonly cc: string } {
  const manifest = MANIFESTS.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(existsSync);
  if (manifest === undefined) {
    throw new GpuError('E_NO_ADAPTER', "Mesa's RADV, the compiler for AMD cards, is not installed", {
      fix: FIX,
    });
  }
  const cc = ['cc', 'gcc', 'clang'].find(runs);
  if (cc === undefined) {
    throw new GpuError('E_NO_ADAPTER', 'a C compiler is needed to stand in for the card, none was found', {
      fix: FIX,
    });
  }
  const { ICD } = JSON.parse(readFileSync(manifest, 'utf8')) as { ICD: { library_path: string } };
  const { library_path: path } = ICD;
  const radv = path.includes('/') && !isAbsolute(path) ? join(dirname(manifest), path) : path;
  return { radv, cc };
}

/**
 * Builds the driver in `folder`. @returns the environment in which a process finds `family` as its only card and RADV
 * prints what it compiles on stderr.
 * @throws GpuError E_NO_ADAPTER
 */
export function standIn(folder: string, family: string): Record<string, string> {
  const { radv, cc } = requireCompiler();
  const [source, library, manifest] = ['c', 'so', 'json'].map((end) => join(folder, `stand_in.${end}`)) as [
    string,
    string,
    string,
  ];
  writeFileSync(source, SOURCE);
  try {
    const define = `-DRADV_LIBRARY="${radv}"`;
    execFileSync(cc, ['-shared', '-fPIC', '-O1', define, '-o', library, source, '-ldl'], { stdio: 'pipe' });
  } catch (cause) {
    throw new GpuError('E_NO_ADAPTER', `${cc} cannot build the driver that stands in for the card`, {
      fix: FIX,
      cause,
    });
  }
  const ICD = { library_path: library, api_version: '1.3.0' };
  writeFileSync(manifest, JSON.stringify({ file_format_version: '1.0.0', ICD }));
  return {
    VK_DRIVER_FILES: manifest,
    // The name for it before version 1.3.207 of Vulkan's loader.
    VK_ICD_FILENAMES: manifest,
    RADV_FORCE_FAMILY: family,
    RADV_DEBUG: 'asm,shaderstats,nocache',
  };
}

function runs(command: string): boolean {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
