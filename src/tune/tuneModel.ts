import { distinctProducts, type ModelSizes, modelGraphs } from '../bench/modelProducts.ts';
import { macsOf } from '../graph/count.ts';
import type { Product } from '../plan/lower.ts';
import type { Session } from '../runtime/session.ts';
import type { Measured, TuningTable } from './table.ts';
import { tuneProduct } from './tuneProduct.ts';

/** The products of the model's plans, those with most work first. */
export function productsToTune(session: Session, sizes: ModelSizes, filter: RegExp): Product[] {
  return distinctProducts(modelGraphs(sizes), session.gpu.facts)
    .filter(({ key }) => filter.test(key))
    .sort((a, b) => macsOf(b.value) - macsOf(a.value));
}

/**
 * Measures what `known` does not hold yet. `keep` gets the whole table after each product, so that nothing is lost where
 * `signal` stops the rest.
 */
export async function tuneProducts(
  session: Session,
  products: readonly Product[],
  known: TuningTable,
  options: {
    readonly signal: AbortSignal;
    readonly keep: (table: TuningTable) => Promise<void>;
    readonly onProduct: (done: number, of: number, found?: Measured) => void;
  },
): Promise<TuningTable> {
  const { signal, keep, onProduct } = options;
  const table = new Map(known);
  const left = products.filter(({ key }) => !table.has(key));
  onProduct(0, left.length);
  for (const [done, target] of left.entries()) {
    const found = await tuneProduct(session, target, signal);
    if (signal.aborted) break;
    if (found) {
      table.set(target.key, found);
      await keep(table);
    }
    onProduct(done + 1, left.length, found ?? undefined);
  }
  return table;
}
