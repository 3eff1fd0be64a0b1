import { OPS } from './ops/index.js';
import { makeValue, topological } from './value.js';
export const rootsOf = (graph) => [...graph.outputs.values(), ...graph.effects];
export const valuesOf = (graph) => topological(rootsOf(graph));
/** How many users each value has; being an output counts as one. */
export function useCounts(graph) {
    const counts = new Map();
    const count = (value) => void counts.set(value, (counts.get(value) ?? 0) + 1);
    for (const value of valuesOf(graph))
        value.inputs.forEach(count);
    rootsOf(graph).forEach(count);
    return counts;
}
/** The users of each value, in order. */
export function usersOf(graph) {
    const users = new Map();
    for (const value of valuesOf(graph)) {
        for (const operand of new Set(value.inputs)) {
            const list = users.get(operand);
            if (list)
                list.push(value);
            else
                users.set(operand, [value]);
        }
    }
    return users;
}
/** `value` over other inputs. Leaves keep their identity, everything else gets a new id, so order is kept. */
export function remake(value, inputs, attrs = value.attrs) {
    if (OPS[value.op].leaf)
        return value;
    return makeValue(value.op, inputs, attrs, value.shape, value.dtype, value.scope);
}
/**
 * A graph in which each value is what `visit` made of it. `visit` gets the old value and its new inputs and
 * returns a value of the same shape; values are visited inputs first.
 */
export function rewrite(graph, visit) {
    const made = new Map();
    for (const value of valuesOf(graph)) {
        made.set(value, visit(value, value.inputs.map((operand) => made.get(operand))));
    }
    return {
        outputs: new Map([...graph.outputs].map(([name, value]) => [name, made.get(value)])),
        effects: graph.effects.map((value) => made.get(value)),
    };
}
//# sourceMappingURL=graph.js.map