/** Where files are dropped, or chosen by a button; and what was read of the last. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Button } from "../parts/Button.tsx";

interface DropZoneProps {
  readonly title: string;
  readonly hint: string;
  /** Extensions that the chooser offers, with commas between. */
  readonly accept: string;
  readonly multiple?: boolean;
  readonly disabled: boolean;
  /** What there is by now. */
  readonly children?: ComponentChildren;
  readonly onFiles: (files: readonly File[]) => void;
  readonly onRemove: () => void;
}

export function DropZone({ title, hint, accept, multiple, disabled, children, onFiles, onRemove }: DropZoneProps) {
  const [isOver, setOver] = useState(false);
  const take = (files: FileList | null | undefined): void => {
    if (files?.length) onFiles([...files]);
  };
  return (
    <section
      class="drop"
      aria-label={title}
      data-over={isOver}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(!disabled);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        if (!disabled) take(event.dataTransfer?.files);
      }}
    >
      <h3>{title}</h3>
      {children ?? <p class="hint">{hint}</p>}
      <div class="button-row">
        <label class="button" data-disabled={disabled}>
          {children ? "Choose others" : "Choose a file"}
          <span class="unseen"> for {title.toLowerCase()}</span>
          <input
            class="unseen"
            type="file"
            {...{ accept, multiple, disabled }}
            onChange={({ currentTarget: input }) => {
              take(input.files);
              input.value = ""; // the same file may be chosen again, when it was mended
            }}
          />
        </label>
        {children && (
          <Button onClick={onRemove} disabled={disabled}>
            Remove<span class="unseen"> {title.toLowerCase()}</span>
          </Button>
        )}
      </div>
    </section>
  );
}
