import { refuseExtra } from '../options.ts';
import { type Detector, type Memory, requireModel, requireSource } from './detector.ts';

/** The same method; its functions refuse unknown names in models and sources, and surplus arguments. */
export function refusing<Name extends string>(detector: Detector<Name>): Detector<Name> {
  const { frozen, lossInputs, memory } = detector;
  return {
    ...detector,
    parts(model, ...extra: never[]) {
      refuseExtra('parts', extra);
      requireModel(model);
      return detector.parts(model);
    },
    trace(layers, source, model, ...extra: never[]) {
      refuseExtra('trace', extra);
      requireSource(source);
      requireModel(model);
      return detector.trace(layers, source, model);
    },
    rateAt(step, iterations, ...extra: never[]) {
      refuseExtra('rateAt', extra);
      return detector.rateAt(step, iterations);
    },
    ...(frozen && {
      frozen(layers, images, model, ...extra: never[]) {
        refuseExtra('frozen', extra);
        requireModel(model);
        return frozen(layers, images, model);
      },
    }),
    ...(lossInputs && {
      lossInputs(step, iterations, ...extra: never[]) {
        refuseExtra('lossInputs', extra);
        return lossInputs(step, iterations);
      },
    }),
    ...(memory && { memory: refusingMemory(memory) }),
  };
}

function refusingMemory<Name extends string>(memory: Memory<Name>): Memory<Name> {
  const describe: Memory<Name>['describe'] = (layers, source, model, ...extra: never[]) => {
    refuseExtra('describe', extra);
    requireSource(source);
    requireModel(model);
    return memory.describe(layers, source, model);
  };
  if (memory.kind === 'mean') {
    return {
      ...memory,
      describe,
      rows(model, images, ...extra: never[]) {
        refuseExtra('rows', extra);
        requireModel(model);
        return memory.rows(model, images);
      },
    };
  }
  return {
    ...memory,
    describe,
    patches(model, ...extra: never[]) {
      refuseExtra('patches', extra);
      requireModel(model);
      return memory.patches(model);
    },
  };
}
