/** How far long work is. Without `of` it is not known how long it is. */

interface ProgressBarProps {
  /** What is being done, such as a stage of `onProgress`. */
  readonly label: string;
  readonly done: number;
  readonly of?: number;
}

export function ProgressBar({ label, done, of }: ProgressBarProps) {
  const counted =
    of === undefined ? done.toLocaleString("en") : `${done.toLocaleString("en")} of ${of.toLocaleString("en")}`;
  return (
    <div class="progress" data-done={done} data-of={of}>
      <progress aria-label={label} max={of} value={of === undefined ? undefined : done} />
      <span>
        {label}: {counted}
      </span>
    </div>
  );
}
