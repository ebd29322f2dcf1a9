/** Labelled controls. Each tells its new value; who uses it keeps that. */
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface FieldProps<Value> {
  readonly label: string;
  readonly value: Value;
  readonly onChange: (value: Value) => void;
  /** A sentence below the control, for what its label cannot say. */
  readonly hint?: string;
  readonly disabled?: boolean;
}

interface RangeProps extends FieldProps<number> {
  readonly min: number;
  readonly max: number;
  readonly step?: number;
}

/** A number by feel. `format` writes it beside the label. */
export function Slider({
  format = String,
  ...field
}: RangeProps & { readonly format?: (value: number) => ComponentChildren }) {
  const { id, hintId } = useIds(field.hint);
  const { label, hint, value, min, max, step = 1, disabled } = field;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <output for={id}>{format(value)}</output>
      <input
        {...{ id, value, min, max, step, disabled }}
        type="range"
        aria-describedby={hintId}
        onInput={(event) => field.onChange(event.currentTarget.valueAsNumber)}
      />
      <Hint id={hintId} text={hint} />
    </div>
  );
}

/** A number by digits. What is no number from `min` to `max` is not told, and gives way to the last one on leaving. */
export function NumberField(field: RangeProps) {
  const { id, hintId } = useIds(field.hint);
  const { label, hint, value, min, max, step = 1, disabled } = field;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        {...{ id, value, min, max, step, disabled }}
        type="number"
        required
        aria-describedby={hintId}
        onInput={({ currentTarget: input }) => input.validity.valid && field.onChange(input.valueAsNumber)}
        onBlur={({ currentTarget: input }) => {
          if (!input.validity.valid) input.value = String(value);
        }}
      />
      <Hint id={hintId} text={hint} />
    </div>
  );
}

/** One of a few names. */
export function Select<Name extends string>({
  options,
  ...field
}: FieldProps<Name> & { readonly options: readonly Name[] }) {
  const { id, hintId } = useIds(field.hint);
  return (
    <div class="field">
      <label for={id}>{field.label}</label>
      <select
        id={id}
        value={field.value}
        disabled={field.disabled}
        aria-describedby={hintId}
        onChange={(event) => field.onChange(event.currentTarget.value as Name)}
      >
        {options.map((option) => (
          <option key={option} value={option}>
            {option}
          </option>
        ))}
      </select>
      <Hint id={hintId} text={field.hint} />
    </div>
  );
}

export function Switch(field: FieldProps<boolean>) {
  const { id, hintId } = useIds(field.hint);
  return (
    <div class="field switch">
      <label for={id}>{field.label}</label>
      <input
        id={id}
        type="checkbox"
        role="switch"
        checked={field.value}
        disabled={field.disabled}
        aria-describedby={hintId}
        onChange={(event) => field.onChange(event.currentTarget.checked)}
      />
      <Hint id={hintId} text={field.hint} />
    </div>
  );
}

function useIds(hint: string | undefined): { id: string; hintId: string | undefined } {
  const id = useId();
  return { id, hintId: hint && `${id}-hint` };
}

function Hint({ id, text }: { readonly id?: string; readonly text?: string }) {
  return text ? (
    <small id={id} class="hint">
      {text}
    </small>
  ) : null;
}
