/** The files of the pool, one zone a kind, and the sample. */
import { useState } from "preact/hooks";
import type { RowSource } from "poolwise";
import { Button } from "../parts/Button.tsx";
import { Select } from "../parts/Field.tsx";
import { DropZone } from "./DropZone.tsx";
import type { Slot } from "./files.ts";
import { sampleSizes, type SampleSize } from "./sample.ts";
import type { Session } from "./session.ts";

const TABLES = ".npy,.npz,.parquet,.csv,.jsonl,.arrow,.arrows,.feather,.ipc";

export function FilesForm({ session }: { readonly session: Session }) {
  const { predictions, embeddings, labelled } = session.files.value;
  const zone = (slot: Slot) => ({
    disabled: session.working.value,
    onFiles: (files: readonly File[]) => void session.open(slot, files),
    onRemove: () => void session.remove(slot),
  });
  /** Arrays of numbers have none. */
  const columnsOf = (slot: Slot) =>
    session.offered.value[slot]?.some(({ name }) => !/\.npy$/i.test(name))
      ? {
          names: session.columns.value[slot] ?? "",
          onChange: (names: string) => void session.nameColumns(slot, names),
        }
      : undefined;
  return (
    <div class="stack">
      <p>
        This page reads files where they lie and computes everything by itself. There is no server behind it, and its
        security policy keeps it from sending anything anywhere.
      </p>
      <div class="tiles">
        <DropZone
          {...zone("predictions")}
          columns={columnsOf("predictions")}
          title="Predictions"
          hint="What a model says of each row: rows × classes, or passes × rows × classes of a committee. NPY, NPZ, Parquet, CSV, JSONL or Arrow; several files are one pool, in the order of their names."
          accept={TABLES}
          multiple
        >
          {predictions && <Shape source={predictions} columns="classes" />}
        </DropZone>
        <DropZone
          {...zone("embeddings")}
          columns={columnsOf("embeddings")}
          title="Embeddings"
          hint="Optional: where each row lies, rows × dims, in the same order. Rules that keep picks apart measure distances on them, and the plot is drawn from them."
          accept={TABLES}
          multiple
        >
          {embeddings && <Shape source={embeddings} columns="dims" />}
        </DropZone>
        <DropZone
          {...zone("labelled")}
          title="Labelled rows"
          hint="Optional: rows that have a label already, never picked. A list of row numbers from 0 on, or picks that were saved here before."
          accept=".npy,.csv,.jsonl,.json,.parquet"
        >
          {labelled && (
            <p class="shape" data-rows={labelled.rows.length}>
              <strong>{labelled.name}</strong> {labelled.rows.length.toLocaleString("en")} rows
            </p>
          )}
        </DropZone>
      </div>
      <SampleForm session={session} />
    </div>
  );
}

function Shape({ source, columns }: { readonly source: RowSource; readonly columns: string }) {
  const { name, rows, cols, passes = 1, stored } = source;
  const sizes = [passes > 1 && `${passes} passes`, `${rows.toLocaleString("en")} rows`, `${cols} ${columns}`];
  return (
    <p class="shape" data-passes={passes} data-rows={rows} data-cols={cols} data-stored={stored}>
      <strong>{name}</strong> {sizes.filter(Boolean).join(" × ")}, {stored}
    </p>
  );
}

function SampleForm({ session }: { readonly session: Session }) {
  const [size, setSize] = useState<SampleSize>("300,000");
  const rows = Number(size.replaceAll(",", ""));
  return (
    <div class="sample">
      <span>No files at hand?</span>
      <Select label="Sample rows" value={size} options={sampleSizes} onChange={setSize} />
      <Button onClick={() => void session.openSample(rows)} disabled={session.working.value}>
        Use a sample pool
      </Button>
    </div>
  );
}
