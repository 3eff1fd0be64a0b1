/**
 * The text of test/goldens/kernels.sha256. For each plan and device: a heading (dispatches, those that run ahead, bytes of
 * arenas, and a hash over the kernels in their order), then a line for each kernel that no plan before it has: its hash and
 * its label.
 */
import { createHash } from 'node:crypto';
import type { Kernel } from '../../src/kernels/kernel.ts';
import { buildPlan } from '../../src/plan/buildPlan.ts';
import type { Plan } from '../../src/plan/plan.ts';
import type { HashedPlan } from './hashedPlans.ts';

/** The first 16 digits of SHA-256. */
const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** Of all that decides what runs: text, bindings, uniforms, grid, and costs. Not of the label. */
export function kernelHash({ wgsl, bindings, sizes = {}, grid, flops, bytes }: Kernel): string {
  const bound = bindings.map(({ name, access, element, length, shared, touched, vector, texture }) => [
    name,
    access,
    element,
    length,
    shared ?? false,
    touched ?? length,
    vector ?? false,
    texture ? [texture.width, texture.height, texture.layers] : null,
  ]);
  return hash(JSON.stringify([statementsOf(wgsl), bound, Object.entries(sizes), grid, flops, bytes]));
}

/** The text without comments and without what is blank: rewording a comment or moving a line changes no kernel. */
function statementsOf(wgsl: string): string {
  return wgsl
    .replace(/\/\/.*$/gm, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

export function hashesOf(plans: readonly HashedPlan[]): string {
  const known = new Set<string>();
  const lines = plans.flatMap(({ name, devices, graph: build }) => {
    const graph = build();
    return Object.entries(devices).flatMap(([device, facts]) =>
      planLines(`${name} | ${device}`, buildPlan(graph, facts), known),
    );
  });
  return `${lines.join('\n')}\n`;
}

/** One plan's part of the file, without the kernels that are `known`; they are afterwards. */
function planLines(title: string, { dispatches, prelude, memory }: Plan, known: Set<string>): string[] {
  const order: string[] = [];
  const fresh: string[] = [];
  for (const { kernel } of dispatches) {
    const key = kernelHash(kernel);
    order.push(key);
    if (known.has(key)) continue;
    known.add(key);
    fresh.push(`${key} ${kernel.label}`);
  }
  const counts = `${dispatches.length} dispatches, ${prelude} ahead, arenas ${memory.arenas}`;
  return [`# ${title}: ${counts}, order ${hash(order.join())}`, ...fresh];
}

/** What differs, a line each, with the plan, the device and the kernel. */
export function differences(kept: string, found: string): string[] {
  const [before, after] = [sections(kept), sections(found)];
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((title) => {
    const [old, now] = [before.get(title), after.get(title)];
    if (!old) return [`${title}: is new`];
    if (!now) return [`${title}: is gone`];
    const changes = [
      ...now.kernels.filter((line) => !old.kernels.includes(line)).map((line) => `now ${line}`),
      ...old.kernels.filter((line) => !now.kernels.includes(line)).map((line) => `was ${line}`),
    ];
    if (changes.length === 0 && old.summary !== now.summary)
      changes.push(`now ${now.summary}`, `was ${old.summary}`);
    return changes.map((change) => `${title}: ${change}`);
  });
}

function sections(text: string): Map<string, { summary: string; kernels: string[] }> {
  const parts = text.split(/^# /m).slice(1);
  return new Map(
    parts.map((part) => {
      const [heading, ...kernels] = part.trimEnd().split('\n') as [string, ...string[]];
      const end = heading.lastIndexOf(': ');
      return [heading.slice(0, end), { summary: heading.slice(end + 2), kernels }];
    }),
  );
}
