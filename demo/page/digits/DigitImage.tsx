/** One handwritten digit as it was scanned, in the ink of the theme. */
import { useLayoutEffect, useRef } from "preact/hooks";
import { SIDE } from "./data.ts";

interface DigitImageProps {
  /** Grey levels, [28, 28]. */
  readonly pixels: Uint8Array;
  /** For those who cannot see it: which one it is, never what it shows. */
  readonly label: string;
}

export function DigitImage({ pixels, label }: DigitImageProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const image = new ImageData(SIDE, SIDE);
    // Black of as much opacity as there is ink; dark themes invert it.
    pixels.forEach((level, at) => (image.data[4 * at + 3] = level));
    canvas.current!.getContext("2d")!.putImageData(image, 0, 0);
  }, [pixels]);
  return <canvas ref={canvas} class="digit" width={SIDE} height={SIDE} role="img" aria-label={label} />;
}
