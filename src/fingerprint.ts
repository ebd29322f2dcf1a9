/** Whether two sets of numbers are the same, in sixteen digits: for telling mistakes, not for keeping secrets. */

export interface Fingerprint {
  /** Takes these values in, bit by bit. */
  add(values: Float32Array | Uint32Array): void;
  digits(): string;
}

/**
 * Two sums that run over 32-bit words, each step a bijection of the sum and of the word (the round of MurmurHash3, Appleby):
 * two sets that differ in one word always have other digits, and any two with a chance of 2⁻⁶⁴ the same.
 */
export function fingerprint(): Fingerprint {
  let [a, b] = [0x243f6a88, 0x13198a2e];
  return {
    add({ buffer, byteOffset, length }) {
      const words = new Int32Array(buffer, byteOffset, length);
      let [p, q] = [a, b];
      for (let i = 0; i < length; i++) {
        const word = words[i];
        const first = Math.imul(word, 0xcc9e2d51);
        const second = Math.imul(word, 0x1b873593);
        p ^= (first << 15) | (first >>> 17);
        p = (Math.imul((p << 13) | (p >>> 19), 5) + 0xe6546b64) | 0;
        q ^= (second << 16) | (second >>> 16);
        q = (Math.imul((q << 11) | (q >>> 21), 9) + 0x561ccd1b) | 0;
      }
      [a, b] = [p, q];
    },
    digits: () => [a, b].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join(""),
  };
}
