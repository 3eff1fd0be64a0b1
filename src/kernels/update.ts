import { product } from '../shape.ts';
import { type DeviceFacts, read, readWrite, write } from './kernel.ts';
import { type Lowered, type LoweredStep, type Lowering, type OpRequest, PART_ALIGN } from './lowering.ts';
import { larger } from './math/nan.ts';
import { perElement } from './perElement.ts';
import { code, floatLiteral, type Wgsl, wgsl } from './wgsl.ts';

interface Update {
  /** Names of the bindings, which are the op's inputs in order. */
  readonly names: readonly string[];
  /** Number of bindings, from the first on, that are written. */
  readonly updated: number;
  /** The old value is not read. */
  readonly overwrites?: true;
  /** The body has functions of single numbers; all else reads the same for vectors of four. */
  readonly singly?: boolean;
  /** One input more, a number: where it is 0 nothing changes. */
  readonly scaled?: true;
  readonly flops: number;
  readonly layout: string;
  readonly body: ReturnType<typeof wgsl>;
}

/** One dispatch over a whole slab; over parts of it, one after another, where the adapter binds less than the slab. */
function inPlace({ label, inputs }: OpRequest, device: DeviceFacts, update: Update): Lowered {
  const { updated, overwrites, singly, scaled, flops } = update;
  const names = [...update.names, ...(scaled ? ['factor'] : [])];
  const layout = scaled ? `${update.layout} factor: of the gradient; at 0 nothing changes.` : update.layout;
  const body = scaled
    ? wgsl`
        if (factor[0] == 0.0) { continue; }
        ${update.body}`
    : update.body;
  const total = product(inputs[0]!.shape);
  const most = Math.max(PART_ALIGN, Math.floor(device.maxBindingBytes / 4 / PART_ALIGN) * PART_ALIGN);
  const steps: LoweredStep[] = [];
  for (let from = 0; from < total || from === 0; from += most) {
    const length = Math.min(most, total - from);
    const whole = (i: number): boolean => product(inputs[i]!.shape) !== total;
    // A CPU adapter loads number by number.
    const wide = !device.software && !singly && !scaled && length % 4 === 0;
    const kernel = perElement(
      {
        label,
        bindings: names.map((name, i) => {
          const vector = wide && !whole(i) && { vector: true as const };
          if (i < updated) return { ...(overwrites ? write : readWrite)(name, length), ...vector };
          return {
            ...read(name, whole(i) ? product(inputs[i]!.shape) : length, inputs[i]!.element),
            ...vector,
          };
        }),
        total: wide ? length / 4 : length,
        flops: flops * length,
        layout,
        body,
      },
      device,
    );
    const operands = names.map((_, i) => (from === 0 || whole(i) ? i : { input: i, from }));
    steps.push({ kernel, operands });
  }
  return { steps, scratch: [] };
}

const assign: Lowering = (request, device) =>
  inPlace(request, device, {
    names: ['state', 'value'],
    updated: 1,
    overwrites: true,
    flops: 0,
    layout: 'state = value.',
    body: wgsl`state[i] = value[i];`,
  });

const assignAverage: Lowering<{ readonly rate: number }> = (request, device) => {
  const { rate } = request.attrs;
  return inPlace(request, device, {
    names: ['state', 'value'],
    updated: 1,
    flops: 3,
    layout: 'A running mean: state moves towards value by a fixed share.',
    body: wgsl`state[i] = state[i] + ${code(floatLiteral(rate))} * (value[i] - state[i]);`,
  });
};

type Scaled = {
  /** The gradient is multiplied by one number more. */
  readonly scaled?: true;
};

/**
 * WGSL: the gradient of element `i`. Between the tensors of a slab lies what memory held before: two f16 there may be a number
 * whose square is infinite, which no gradient is.
 */
const gradient = ({ scaled }: Scaled): Wgsl =>
  code(scaled ? 'select(0.0, grad[i] * factor[0], abs(grad[i] * factor[0]) < 1e15)' : 'grad[i]');

type AdamAttrs = Readonly<Record<'beta1' | 'beta2' | 'eps' | 'weightDecay', number>> &
  Scaled & { readonly coupled?: true };

const adam =
  (amsgrad: boolean): Lowering<AdamAttrs> =>
  (request, device) => {
    const { beta1, beta2, eps, weightDecay, coupled, scaled } = request.attrs;
    const grad = gradient(request.attrs);
    const literal = (value: number): ReturnType<typeof code> => code(floatLiteral(value));
    const largest = amsgrad
      ? wgsl`
        let second = ${code('larger', larger)}(vmax[i], v_new);
        vmax[i] = second;`
      : wgsl`let second = v_new;`;
    return inPlace(request, device, {
      names: ['p', 'm', 'v', ...(amsgrad ? ['vmax'] : []), 'grad', 'settings'],
      updated: amsgrad ? 4 : 3,
      singly: amsgrad,
      scaled,
      flops: 20,
      layout: 'AdamW over a slab of parameters. settings: lr, 1 - beta1^t, 1 - beta2^t.',
      body: wgsl`
        let lr = settings[0];
        ${coupled ? wgsl`let g = ${grad} + ${literal(weightDecay)} * p[i];` : wgsl`let g = ${grad};`}
        let m_new = ${literal(beta1)} * m[i] + ${literal(1 - beta1)} * g;
        let v_new = ${literal(beta2)} * v[i] + ${literal(1 - beta2)} * g * g;
        ${largest}
        let decayed = ${coupled ? wgsl`p[i]` : wgsl`p[i] * (1.0 - lr * ${literal(weightDecay)})`};
        let denominator = sqrt(second) / sqrt(settings[2]) + ${literal(eps)};
        m[i] = m_new;
        v[i] = v_new;
        p[i] = decayed - lr / settings[1] * m_new / denominator;`,
    });
  };

type SgdAttrs = Readonly<Record<'momentum' | 'weightDecay', number>> & Scaled & { readonly nesterov?: true };

const sgd: Lowering<SgdAttrs> = (request, device) => {
  const { momentum, weightDecay, nesterov, scaled } = request.attrs;
  const step = nesterov ? wgsl`(g + ${code(floatLiteral(momentum))} * momentum)` : wgsl`momentum`;
  return inPlace(request, device, {
    names: ['p', 'buf', 'grad', 'settings'],
    updated: 2,
    scaled,
    flops: 6,
    layout:
      'SGD over a slab of parameters. settings: lr, 1 at the first step (the buffer then starts at the gradient).',
    body: wgsl`
      let g = ${gradient(request.attrs)} + ${code(floatLiteral(weightDecay))} * p[i];
      let momentum = select(${code(floatLiteral(momentum))} * buf[i] + g, g, settings[1] != 0.0);
      buf[i] = momentum;
      p[i] = p[i] - settings[0] * ${step};`,
  });
};

type LionAttrs = Readonly<Record<'beta1' | 'beta2' | 'weightDecay', number>> & Scaled;

const lion: Lowering<LionAttrs> = (request, device) => {
  const { beta1, beta2, weightDecay, scaled } = request.attrs;
  const literal = (value: number): ReturnType<typeof code> => code(floatLiteral(value));
  return inPlace(request, device, {
    names: ['p', 'm', 'grad', 'settings'],
    updated: 2,
    scaled,
    flops: 10,
    layout: 'Lion over a slab of parameters. settings: lr.',
    body: wgsl`
      let lr = settings[0];
      let g = ${gradient(request.attrs)};
      let direction = sign(${literal(beta1)} * m[i] + ${literal(1 - beta1)} * g);
      m[i] = ${literal(beta2)} * m[i] + ${literal(1 - beta2)} * g;
      p[i] = p[i] * (1.0 - lr * ${literal(weightDecay)}) - lr * direction;`,
  });
};

export const updateKernels = {
  assign,
  assignAverage,
  adamw: adam(false),
  adamwAmsgrad: adam(true),
  sgd,
  lion,
};
