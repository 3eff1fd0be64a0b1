import { useEffect, useRef, useState } from 'preact/hooks';
import { failureOf } from '../remote.ts';
import { Layers, useAddress, Verdict } from './Layers.tsx';
import type { Judged } from './messages.ts';
import type { InspectSession } from './session.ts';

/** Judges what the camera shows, frame after frame. */
export function Camera({
  session,
  threshold,
  onClose,
}: {
  session: InspectSession;
  threshold: number;
  onClose: () => void;
}) {
  const video = useRef<HTMLVideoElement>(null);
  const [seen, setSeen] = useState<Judged | null>(null);
  const count = useRef(0);
  useEffect(() => {
    let ended = false;
    let stream: MediaStream | undefined;
    const watch = async (): Promise<void> => {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
      if (ended || !video.current) return;
      video.current.srcObject = stream;
      await video.current.play();
      while (!ended && video.current) {
        const frame = await createImageBitmap(video.current);
        const judged = await session.remote.look(frame);
        if (!ended) setSeen({ path: 'camera', ...judged });
      }
    };
    watch().catch((error: unknown) => {
      if (ended) return;
      const failure = failureOf(error);
      const refused = error instanceof DOMException;
      session.fail(
        refused
          ? {
              ...failure,
              message: `The camera cannot be used: ${failure.message}`,
              fix: 'Allow it for this page, or connect one.',
            }
          : failure,
      );
      onClose();
    });
    return () => {
      ended = true;
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
  }, [session, onClose]);
  const keep = (): void => {
    if (!seen) return;
    count.current += 1;
    session.keep({ ...seen, path: `camera ${count.current}` });
  };
  return (
    <section class="card" aria-label="Camera">
      <div class="camera">
        <video ref={video} muted playsInline aria-label="What the camera sees" />
        <div>{seen && <Look seen={seen} threshold={threshold} />}</div>
      </div>
      <p class="row">
        <button type="button" class="main" disabled={!seen} onClick={keep}>
          Keep this one
        </button>
        <button type="button" onClick={onClose}>
          Close the camera
        </button>
      </p>
    </section>
  );
}

function Look({ seen, threshold }: { seen: Judged; threshold: number }) {
  const [image, heat] = [useAddress(seen.image), useAddress(seen.heat)];
  return (
    <>
      <Layers image={image} heat={heat} alt="The last frame with its map" aspect={seen.aspect} />
      <p class="numbers">
        {seen.calibrated.toFixed(3)} <Verdict judged={seen} threshold={threshold} />
      </p>
    </>
  );
}
