import { valuesOf } from './graph.js';
import { OPS } from './ops/index.js';
import { fuseElementwise } from './passes/fuseElementwise.js';
import { fuseEpilogue } from './passes/fuseEpilogue.js';
import { lower, lowerCopy } from './passes/lower.js';
import { planMemory } from './passes/planMemory.js';
import { simplify } from './passes/simplify.js';
import { alignBytes } from './plan.js';
import { bytesOf, resolveStorage } from './storage.js';
import { verifyPlan } from './verify.js';
/** The passes in order, then dispatches, then memory. */
export function buildPlan(graph, device, options = {}) {
    return layOut(optimize(graph, device, options), device, options.label ?? 'plan');
}
/** The graph as it will be lowered. */
export function optimize(graph, device, { fuse = true } = {}) {
    const simple = simplify(graph);
    if (!fuse)
        return simple;
    // One spare binding below the limit: some drivers count one for themselves.
    const maxBindings = Math.min(device.maxStorageBuffers, 10) - 1;
    const fused = fuseElementwise(simple, maxBindings - 1);
    return simplify(fuseEpilogue(fused, maxBindings));
}
function layOut(graph, device, label) {
    const { locate, copies } = resolveStorage(graph);
    const pending = [];
    const emit = (steps, scratch, inputs, out) => {
        const requests = scratch.map((words) => newRequest(words * 4));
        for (const { kernel, operands } of steps) {
            pending.push({
                kernel,
                operands: operands.map((ref) => ref === 'out' ? out : typeof ref === 'number' ? locate(inputs[ref]) : requests[ref.scratch]),
            });
        }
    };
    for (const value of schedule(graph)) {
        for (const { from, offset } of copies.filter((copy) => copy.to === value)) {
            emit(lowerCopy(from).steps, [], [from], { root: value, offset });
        }
        const { leaf, view, placesInputs } = OPS[value.op];
        if (leaf || view || placesInputs || bytesOf(value) === 0)
            continue;
        const { steps, scratch } = lower(value, device);
        emit(steps, scratch, value.inputs, locate(value));
    }
    return place(graph, locate, pending, label);
}
/** Values in the order in which they are computed: effects last, in their own order. */
function schedule(graph) {
    const effects = new Set(graph.effects);
    return [...valuesOf(graph).filter((value) => !effects.has(value)), ...graph.effects];
}
const newRequest = (bytes) => ({
    bytes: alignBytes(bytes),
    first: Number.POSITIVE_INFINITY,
    last: -1,
    conflicts: new Set(),
});
function place(graph, locate, pending, label) {
    const slots = [];
    const fixed = new Map();
    const constants = placeLeaves(graph, slots, fixed);
    placeOutputs(graph, locate, slots, fixed);
    const requests = new Map();
    const requestOf = (operand) => {
        if (!('root' in operand))
            return operand;
        if (fixed.has(operand.root))
            return undefined;
        const known = requests.get(operand.root);
        if (known)
            return known;
        const made = newRequest(bytesOf(operand.root));
        requests.set(operand.root, made);
        return made;
    };
    const all = findLifetimes(pending, requestOf);
    const memory = planMemory(all);
    const firstArena = slots.length;
    slots.push(...memory.arenaBytes.map((bytes) => ({ kind: 'arena', bytes })));
    const rangeOf = (operand, bytes) => {
        const request = requestOf(operand);
        const inside = 'root' in operand ? operand.offset : 0;
        if (!request) {
            const base = fixed.get(operand.root);
            return { slot: base.slot, offset: base.offset + inside, bytes };
        }
        const { arena, offset } = memory.placements.get(request);
        return { slot: firstArena + arena, offset: offset + inside, bytes };
    };
    const dispatches = pending.map(({ kernel, operands }) => ({
        kernel,
        ranges: operands.map((operand, i) => {
            const binding = kernel.bindings[i];
            return rangeOf(operand, Math.max(4, Math.ceil((binding.length * WORD[binding.element]) / 4) * 4));
        }),
    }));
    const tensor = (value) => ({
        range: rangeOf(locate(value), bytesOf(value)),
        shape: value.shape,
        dtype: value.dtype,
    });
    const plan = {
        label,
        slots,
        dispatches,
        outputs: new Map([...graph.outputs].map(([name, value]) => [name, tensor(value)])),
        inputs: new Map(valuesOf(graph)
            .filter((value) => value.op === 'input')
            .map((value) => [value.attrs.name, tensor(value)])),
        constants,
        memory: {
            arenas: memory.arenaBytes.reduce((sum, bytes) => sum + bytes, 0),
            lowerBound: memory.lowerBound,
        },
    };
    verifyPlan(plan);
    return plan;
}
const WORD = { f32: 4, f16: 2, i32: 4, u32: 4 };
/** First and last use of each request, and which must lie apart. Returns them all. */
function findLifetimes(pending, requestOf) {
    const all = new Set();
    pending.forEach(({ kernel, operands }, at) => {
        const found = operands.map(requestOf);
        found.forEach((request, i) => {
            if (!request)
                return;
            all.add(request);
            request.first = Math.min(request.first, at);
            request.last = Math.max(request.last, at);
            if (kernel.bindings[i].access === 'read')
                return;
            for (const other of found) {
                if (!other || other === request)
                    continue;
                request.conflicts.add(other);
                other.conflicts.add(request);
            }
        });
    });
    return [...all];
}
function placeLeaves(graph, slots, fixed) {
    const chunks = [];
    let constantBytes = 0;
    for (const value of valuesOf(graph)) {
        const bytes = bytesOf(value);
        if (value.op === 'constant') {
            chunks.push({ value, offset: constantBytes });
            constantBytes += alignBytes(bytes);
        }
        else if (value.op === 'input' || value.op === 'state') {
            const { name } = value.attrs;
            const known = slots.findIndex((slot) => slot.kind === value.op && slot.name === name);
            const slot = known >= 0 ? known : slots.push({ kind: value.op, name, bytes: alignBytes(bytes) }) - 1;
            fixed.set(value, { slot, offset: 0, bytes });
        }
    }
    const data = new Uint8Array(constantBytes);
    if (chunks.length > 0) {
        const slot = slots.push({ kind: 'constants', bytes: constantBytes }) - 1;
        for (const { value, offset } of chunks) {
            const numbers = value.attrs.data;
            data.set(new Uint8Array(encode(numbers, value.dtype).buffer), offset);
            fixed.set(value, { slot, offset, bytes: bytesOf(value) });
        }
    }
    return data;
}
function encode(numbers, dtype) {
    if (dtype === 'i32')
        return Int32Array.from(numbers);
    if (dtype === 'u32')
        return Uint32Array.from(numbers);
    return Float32Array.from(numbers);
}
/** Results get buffers of their own, so that nothing overwrites them before they are read. */
function placeOutputs(graph, locate, slots, fixed) {
    for (const value of graph.outputs.values()) {
        const { root } = locate(value);
        if (fixed.has(root))
            continue;
        const bytes = bytesOf(root);
        const slot = slots.push({ kind: 'output', bytes: alignBytes(bytes) }) - 1;
        fixed.set(root, { slot, offset: 0, bytes });
    }
}
//# sourceMappingURL=buildPlan.js.map