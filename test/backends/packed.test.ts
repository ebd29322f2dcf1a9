/** Sources that offer their values packed: the device makes of them what it would have been given. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Expansion } from "../../src/backends/webgpu/expand.ts";
import { Gpu, usage } from "../../src/backends/webgpu/gpu.ts";
import { tunings } from "../../src/backends/webgpu/tuning.ts";
import type { Engine } from "../../src/engine.ts";
import type { StrategyName } from "../../src/scores/index.ts";
import { memberSource, packedBytes, type PackedRows, type RowSource } from "../../src/matrix.ts";
import { engineNames, openTestEngine } from "../support/engines.ts";
import { testDevice } from "../support/gpu.ts";

type Type = PackedRows["type"];

const types = Object.keys(packedBytes) as Type[];
const patterns: Record<Type, number> = { float16: 2 ** 16, int8: 2 ** 8 };
/** As IEEE 754 and two's complement say it. */
const valueOf: Record<Type, (bits: number) => number> = {
  int8: (bits) => (bits < 128 ? bits : bits - 256),
  float16(bits) {
    const sign = bits < 2 ** 15 ? 1 : -1;
    const exponent = Math.floor(bits / 2 ** 10) % 32;
    const fraction = (bits % 2 ** 10) / 2 ** 10;
    if (exponent === 31) return fraction > 0 ? NaN : sign * Infinity;
    return sign * (exponent > 0 ? 2 ** (exponent - 15) * (1 + fraction) : 2 ** -14 * fraction);
  },
};

interface Counted extends RowSource {
  /** Calls of `read`, and of `packed.read`. */
  readonly reads: { plain: number; packed: number };
}

/** Rows of these bits, [passes, rows, cols], in both ways. */
function bitSource(type: Type, bits: ArrayLike<number>, [passes, rows, cols]: readonly number[]): Counted {
  const values = Float32Array.from(bits, valueOf[type]);
  const size = packedBytes[type];
  const bytes = Uint8Array.from(
    { length: bits.length * size },
    (_, i) => bits[Math.floor(i / size)] >> (8 * (i % size)),
  );
  const reads = { plain: 0, packed: 0 };
  const ranges = (start: number, count: number) =>
    Array.from({ length: passes }, (_, pass) => {
      const from = (pass * rows + start) * cols;
      return { from, to: from + count * cols, at: pass * count * cols };
    });
  return {
    name: type,
    rows,
    cols,
    passes,
    reads,
    packed: {
      type,
      async read(start, count, into) {
        reads.packed++;
        expect(into.length).toBe(passes * count * cols * size);
        for (const { from, to, at } of ranges(start, count))
          into.set(bytes.subarray(from * size, to * size), at * size);
      },
    },
    read(start, count, into) {
      reads.plain++;
      for (const { from, to, at } of ranges(start, count)) into.set(values.subarray(from, to), at);
    },
  };
}

const plain = ({ name, rows, cols, passes, read }: RowSource): RowSource => ({ name, rows, cols, passes, read });

/** Where two arrays differ first; a NaN is as good as another. Tests that fail must not print arrays of this length. */
const firstOther = (values: ArrayLike<number>, others: ArrayLike<number>): number =>
  Array.prototype.findIndex.call(values, (value: number, i) => !Object.is(value, others[i]));

/** Bits of finite values of a moderate size, each as likely. */
function drawn(type: Type, count: number): Uint16Array {
  let state = 1;
  const moderate = type === "int8" ? 2 ** 8 : 0x4800; // up to 8
  return Uint16Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const bits = Math.floor((state / 2 ** 32) * 2 * moderate);
    return type === "int8" ? bits % 256 : (bits % moderate) + (bits >= moderate ? 2 ** 15 : 0);
  });
}

describe("on the device", () => {
  let gpu: Gpu;
  beforeAll(async () => {
    gpu = new Gpu(await testDevice(), true);
  });
  afterAll(() => gpu?.close());

  /** Bits of float32 that values with these bits become, where more fit than there are. */
  async function expanded(type: Type, bits: ArrayLike<number>): Promise<Uint32Array> {
    const packed = type === "int8" ? Uint8Array.from(bits) : Uint16Array.from(bits);
    const bytes = new Uint8Array(Math.ceil(packed.byteLength / 4) * 4 + 4).fill(7);
    bytes.set(new Uint8Array(packed.buffer));
    const into = await gpu.buffer("expanded", (bits.length + 8) * 4, usage.storage | usage.copySource);
    const expansion = await Expansion.open(gpu, { ...tunings.gpu, maxGroups: 8 }, type, bytes.length);
    gpu.device.queue.writeBuffer(expansion.packed, 0, bytes);
    const batch = gpu.batch();
    expansion.expand(batch, bits.length, into);
    gpu.submit(batch);
    expansion.close();
    const [found] = await gpu.read([into, into.size]);
    into.destroy();
    return new Uint32Array(found);
  }

  test.each(types)("every %s becomes the float32 that it is, bit for bit", async (type) => {
    const bits = Uint16Array.from({ length: patterns[type] }, (_, i) => i);
    const found = await expanded(type, bits);
    const expected = new Uint32Array(Float32Array.from(bits, valueOf[type]).buffer);
    // A NaN keeps its sign and its payload, of which float32 has 13 more bits.
    if (type === "float16")
      for (const half of bits)
        if ((half & 0x7fff) > 0x7c00) expected[half] = (half >> 15) * 2 ** 31 + 0x7f800000 + (half & 0x3ff) * 2 ** 13;
    expect(firstOther(expected, found)).toBe(-1);
    expect([...found.subarray(bits.length)]).toEqual(Array(8).fill(0));
  });

  test.each(types)("any number of %s, and none more", async (type) => {
    for (const count of [1, 2, 3, 4, 5, 6, 7, 511, 513]) {
      const bits = drawn(type, count);
      const found = new Float32Array((await expanded(type, bits)).buffer);
      expect([...found], `${count}`).toEqual([...Float32Array.from(bits, valueOf[type]), ...Array(8).fill(0)]);
    }
  });
});

describe.each(engineNames)("%s", (kind) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openTestEngine(kind);
  });
  afterAll(() => engine?.close());

  /** Scores and picks of rows are those of the same rows as float32. */
  const expectAlike = async (source: RowSource, floats: RowSource, strategies: readonly StrategyName[]) => {
    using pool = await engine.load({ logits: source, invalid: "skip" });
    using other = await engine.load({ logits: floats, invalid: "skip" });
    const [scores, expected] = [await pool.score(strategies), await other.score(strategies)];
    for (const [i, { strategy, values }] of scores.entries()) {
      expect(firstOther(values, expected[i].values), strategy).toBe(-1);
      const options = { k: 9, strategy };
      const [{ picks }, twin] = [await pool.select("top-k", options), await other.select("top-k", options)];
      expect(picks, strategy).toEqual(twin.picks);
    }
  };

  test.each(types)("every %s is the logit that it is, or an invalid one", async (type) => {
    const all = patterns[type];
    // Beside each a 0, so that none of them scores as another, and every third row an odd place.
    const bits = Uint16Array.from({ length: 3 * all }, (_, i) => (i % 3 === 1 ? Math.floor(i / 3) : 0));
    const source = bitSource(type, bits, [1, all, 3]);
    await expectAlike(source, plain(source), ["entropy", "margin"]);
  });

  test.each(types)("given scores of %s are ranked as they are", async (type) => {
    // Past what is 0, and so past the least of all.
    const most = patterns[type] / 2;
    const bits = Uint16Array.from({ length: patterns[type] }, (_, i) => i);
    using pool = await engine.load({ scores: bitSource(type, bits, [1, bits.length, 1]), invalid: "skip" });
    const { picks } = await pool.select("top-k", { k: most });
    const finite = Array.from(bits, (half) => ({ row: half, score: valueOf[type](half) })).filter(({ score }) =>
      Number.isFinite(score),
    );
    const expected = finite.sort((a, b) => b.score - a.score || a.row - b.row).slice(0, most);
    expect(picks.length).toBe(most);
    expect(picks.findIndex(({ row }, i) => row !== expected[i].row)).toBe(-1);
  });

  test.each(types)("several passes and chunks of %s, with odd columns", async (type) => {
    for (const [passes, rows, cols] of [
      [1, 20_001, 5],
      [1, 9, 1],
      [3, 5003, 7],
      [2, 301, 33],
    ]) {
      const source = bitSource(type, drawn(type, passes * rows * cols), [passes, rows, cols]);
      const strategies = passes > 1 ? (["bald", "entropy"] as const) : (["entropy", "margin"] as const);
      await expectAlike(source, plain(source), strategies);
    }
  });

  test("a head reads packed features as it reads others", async () => {
    const [rows, dims, classes] = [4001, 9, 3];
    const source = bitSource("float16", drawn("float16", rows * dims), [1, rows, dims]);
    const weight = Float32Array.from({ length: classes * dims }, (_, i) => Math.sin(i));
    const bias = new Float32Array(classes);
    const head = { layers: [{ weight, bias, inputs: dims, outputs: classes }], activation: "relu" as const };
    const values = [];
    for (const features of [source, plain(source)]) {
      using pool = await engine.load({ features, head });
      values.push((await pool.score("entropy")).values);
    }
    expect(firstOther(values[0], values[1])).toBe(-1);
  });

  test("members are packed together where all of them are alike", async () => {
    const rows = 5003;
    const memberOf = (type: Type, passes: number) => bitSource(type, drawn(type, passes * rows * 3), [passes, rows, 3]);
    const [byte, bytes, half, halves] = [
      memberOf("int8", 1),
      memberOf("int8", 2),
      memberOf("float16", 1),
      memberOf("float16", 2),
    ];
    const committees: [type: Type | undefined, members: RowSource[]][] = [
      ["int8", [byte, bytes]],
      ["float16", [halves, half]],
      [undefined, [byte, half]],
      [undefined, [plain(byte), bytes]],
    ];
    for (const [type, members] of committees) {
      const together = memberSource(members);
      expect(together.packed?.type).toBe(type);
      await expectAlike(together, memberSource(members.map(plain)), ["bald"]);
    }
  });

  test("only what is packed goes to a device, and only the rest to the CPU", async () => {
    const source = bitSource("float16", drawn("float16", 20_001 * 5), [1, 20_001, 5]);
    using pool = await engine.load({ logits: source });
    await pool.score(["entropy", "margin"]);
    const { plain: floats, packed } = source.reads;
    expect(kind === "cpu" ? [floats > 0, packed] : [packed > 0, floats]).toEqual([true, 0]);
  });
});

test("values packed in a way that is not known are refused", async () => {
  const engine = await openTestEngine("cpu");
  const source = bitSource("int8", [1, 2], [1, 2, 1]);
  const odd = { ...source, packed: { ...source.packed!, type: "int4" as Type } };
  await expect(engine.load({ scores: odd })).rejects.toThrow(
    "int8: packed values are float16 or int8, got int4: leave packed out",
  );
  await engine.close();
});
