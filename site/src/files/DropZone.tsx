import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { ChosenFile } from './chosenFile.ts';
import { droppedFiles } from './droppedFiles.ts';

/** Takes what is dropped anywhere on its children. @param says what may be dropped, shown while something is held above. */
export function DropZone({
  says,
  onDrop,
  children,
}: {
  says: string;
  onDrop: (files: Promise<readonly ChosenFile[]>) => void;
  children: ComponentChildren;
}) {
  const [dropping, setDropping] = useState(false);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping files is one way of several; buttons are for all.
    <div
      class={dropping ? 'dropping' : undefined}
      data-says={says}
      onDragOver={(event) => {
        event.preventDefault();
        setDropping(true);
      }}
      onDragLeave={(event) => {
        if (event.currentTarget === event.target) setDropping(false);
      }}
      onDrop={(event) => {
        event.preventDefault();
        setDropping(false);
        if (event.dataTransfer) onDrop(droppedFiles(event.dataTransfer.items));
      }}
    >
      {children}
    </div>
  );
}
