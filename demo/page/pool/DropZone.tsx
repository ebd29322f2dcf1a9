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
  /** Of what has columns: names of those to read. */
  readonly columns?: { readonly names: string; readonly onChange: (names: string) => void };
  /** What there is by now. */
  readonly children?: ComponentChildren;
  readonly onFiles: (files: readonly File[]) => void;
  readonly onRemove: () => void;
}

export function DropZone(props: DropZoneProps) {
  const { title, hint, accept, multiple, disabled, columns, children, onFiles, onRemove } = props;
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
      {columns && (
        <label class="columns">
          Columns
          <span class="unseen"> of {title.toLowerCase()}</span>
          <input
            type="text"
            value={columns.names}
            placeholder="all with numbers"
            title="Of a table or an archive: the names of those to read, with commas between"
            disabled={disabled}
            onChange={(event) => columns.onChange(event.currentTarget.value)}
          />
        </label>
      )}
      <div class="button-row">
        <label class="button" data-disabled={disabled}>
          {children ? "Choose another" : "Choose a file"}
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
