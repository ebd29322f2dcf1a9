/** As long as a component is shown. */
import { useEffect, useMemo } from "preact/hooks";

/**
 * A signal that is aborted when the component goes away: give it to whatever takes a `signal`, and close what the
 * component holds (`signal.addEventListener("abort", () => pool.close())`).
 */
export function useLifetime(): AbortSignal {
  const controller = useMemo(() => new AbortController(), []);
  useEffect(() => () => controller.abort(new DOMException("the panel was left", "AbortError")), [controller]);
  return controller.signal;
}
