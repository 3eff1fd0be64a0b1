import { useState } from 'preact/hooks';
import { Layers, useAddress, Verdict } from './Layers.tsx';
import type { Judged } from './messages.ts';

/** Cards that are shown at first, and more at each wish: pictures of hundreds of images would fill the memory. */
const PAGE = 60;

export function Grid({
  judged,
  threshold,
  onOpen,
}: {
  judged: readonly Judged[];
  threshold: number;
  onOpen: (index: number) => void;
}) {
  const [most, setMost] = useState(PAGE);
  const left = judged.length - most;
  return (
    <>
      <ul class="grid">
        {judged.slice(0, most).map((each, i) => (
          <Card
            key={`${each.path} ${each.calibrated}`}
            judged={each}
            threshold={threshold}
            onOpen={() => onOpen(i)}
          />
        ))}
      </ul>
      {left > 0 && (
        <p>
          <button type="button" onClick={() => setMost(most + PAGE)}>
            Show {Math.min(PAGE, left)} of {left} more
          </button>
        </p>
      )}
    </>
  );
}

function Card({ judged, threshold, onOpen }: { judged: Judged; threshold: number; onOpen: () => void }) {
  const [image, heat] = [useAddress(judged.image), useAddress(judged.heat)];
  return (
    <li>
      <button type="button" onClick={onOpen} title={judged.path}>
        <Layers image={image} heat={heat} alt="" />
        <span class="about small">
          <span class="numbers">
            {judged.calibrated.toFixed(3)} <Verdict judged={judged} threshold={threshold} />
          </span>
          <span class="path soft">
            <bdi>{judged.path}</bdi>
          </span>
        </span>
      </button>
    </li>
  );
}
