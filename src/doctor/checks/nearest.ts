import { slice } from '../../graph/ops/movement.ts';
import { nearestRows } from '../../graph/ops/nearest.ts';
import { nearestRef } from '../../specs/reference/nearest.ts';
import { type OpCheck, shaped } from './check.ts';

export const nearestChecks: readonly OpCheck[] = [
  {
    name: 'nearestRows',
    inputs: shaped([37, 29], [211, 29]),
    run: (x, bank) => nearestRows(x!, bank!, 3).distances,
    reference: (x, bank) => nearestRef(x, bank, 3).distances,
  },
  {
    name: 'nearestRows, whose, of a bank in parts',
    inputs: shaped([9, 16], [97, 16]),
    run: (x, bank) =>
      nearestRows(x!, [slice(bank!, [{ end: 60 }]), slice(bank!, [{ start: 60 }])], 9).indices,
    reference: (x, bank) => nearestRef(x, bank, 9).indices,
    differentiable: false,
    // Of distances that are NaN none is the nearest.
    special: false,
  },
];
