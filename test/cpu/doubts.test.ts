/** Rows that float32 leaves in doubt are scored by the textbook, on the cpu, where scores are asked for. */
import { expect, test } from "vitest";
import { openEngine } from "../../src/index.ts";
import { openReference } from "../support/engines.ts";

const G = 2 ** 49;
const layer = (weight: number[], inputs: number) => ({
  weight: Float32Array.from(weight),
  bias: new Float32Array(weight.length / inputs),
  inputs,
  outputs: weight.length / inputs,
});

test("a head that leaves float32 scores as float64 does", async () => {
  const features = { data: Float32Array.of(G, G / 2, 1, 2, -3), rows: 5, dims: 1 };
  const head = { layers: [layer([G, G], 1), layer([G, -G, -G, G], 2)], activation: "relu" } as const;
  await using engine = await openEngine({ backend: "cpu" });
  await using reference = await openReference();
  const strategies = ["margin", "entropy", "egl"] as const;
  const [found, right] = await Promise.all(
    [engine, reference].map(async (one) => (await one.load({ features, head })).score(strategies)),
  );
  found.forEach(({ values }, i) => expect([...values]).toEqual([...right[i].values]));
});
