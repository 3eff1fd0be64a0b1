import { useEffect, useState } from 'preact/hooks';
import type { Judged } from './messages.ts';
import { verdictOf } from './tables.ts';

/** An address of the file for as long as it is shown; empty before the first moment. */
export function useAddress(file: Blob): string {
  const [address, setAddress] = useState('');
  useEffect(() => {
    const made = URL.createObjectURL(file);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return address;
}

/** An image, and its map over it as strong as the slider says. */
export const Layers = ({
  image,
  heat,
  alt,
  aspect,
}: {
  image: string;
  heat?: string;
  alt: string;
  /** Width by height; absent: what surrounds it decides. */
  aspect?: number;
}) => (
  <span class="layers" style={aspect ? { aspectRatio: String(aspect) } : undefined}>
    {image && <img src={image} alt={alt} />}
    {heat && <img src={heat} alt="" />}
  </span>
);

export const Verdict = ({ judged, threshold }: { judged: Judged; threshold: number }) => {
  const verdict = verdictOf(judged.calibrated, threshold);
  return (
    <>
      <span class={`mark ${verdict}`}>{verdict === 'anomalous' ? '▲ anomalous' : '● normal'}</span>
      {judged.unfamiliar && (
        <>
          {' '}
          <span class="mark unfamiliar" title="Unlike all that the detector was trained on">
            ? unfamiliar
          </span>
        </>
      )}
    </>
  );
};
