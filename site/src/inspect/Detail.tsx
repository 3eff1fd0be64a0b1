import { useEffect, useRef } from 'preact/hooks';
import { save } from '../shell.tsx';
import { Layers, useAddress, Verdict } from './Layers.tsx';
import type { Judged } from './messages.ts';

/** One image large. The arrow keys go to its neighbours, Escape back. */
export function Detail({
  judged,
  threshold,
  place,
  onStep,
  onClose,
}: {
  judged: Judged;
  threshold: number;
  /** Such as `3 of 12`. */
  place: string;
  onStep: (by: number) => void;
  onClose: () => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const [image, heat] = [useAddress(judged.image), useAddress(judged.heat)];
  const { path, aspect, score, calibrated, u_hat, gamma_hat, u } = judged;
  const numbers: [string, number | null][] = [
    ['score', calibrated],
    ['before calibration', score],
    ['predicted normal level', u_hat],
    ['predicted highest', gamma_hat],
    ['actual mean', u],
  ];
  return (
    <dialog
      ref={dialog}
      aria-labelledby="detail"
      onClose={onClose}
      onKeyDown={({ key }) => {
        if (key === 'ArrowRight') onStep(1);
        if (key === 'ArrowLeft') onStep(-1);
      }}
    >
      <div class="row apart">
        <h2 id="detail">{path}</h2>
        <span class="soft small">{place}</span>
      </div>
      <p>
        <Verdict judged={judged} threshold={threshold} />
      </p>
      <div class="views">
        <figure>
          <Layers image={image} alt={`Image ${path}`} aspect={aspect} />
          <figcaption>image as the detector sees it</figcaption>
        </figure>
        <figure>
          <Layers image={image} heat={heat} alt={`Map over image ${path}`} aspect={aspect} />
          <figcaption>map over the image</figcaption>
        </figure>
        <figure>
          <Layers image={heat} alt={`Map of ${path}`} aspect={aspect} />
          <figcaption>map: blue is usual, red is not</figcaption>
        </figure>
      </div>
      <dl class="facts numbers small">
        {numbers.flatMap(([name, value]) =>
          value === null
            ? []
            : [<dt key={name}>{name}</dt>, <dd key={`${name} value`}>{value.toPrecision(6)}</dd>],
        )}
      </dl>
      <div class="row">
        <button type="button" onClick={() => onStep(-1)}>
          Previous
        </button>
        <button type="button" onClick={() => onStep(1)}>
          Next
        </button>
        <button type="button" onClick={() => save(`${path.split('/').at(-1)}.heat.png`, judged.heat)}>
          Save the map
        </button>
        <button type="button" class="main" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
    </dialog>
  );
}
