import { attributes, type OpTable } from './definition.ts';

/** Values that come from outside the graph; see value.ts for their makers. */
export const leafOps = {
  input: { attrs: attributes<{ readonly name: string }>(), leaf: true },
  state: { attrs: attributes<{ readonly name: string }>(), leaf: true },
  constant: { attrs: attributes<{ readonly data: readonly number[] }>(), leaf: true },
} as const satisfies OpTable;
