/** Zip archives written by hand, so that each number in them can be a lie. */
import { crc32, deflateRawSync } from "node:zlib";
import { type Draws, extremes } from "./draws.ts";

export interface Entry {
  readonly name: string | Buffer;
  readonly content: Buffer;
  /** 0 is stored, 8 is DEFLATE. */
  readonly method?: number;
  /** Claims in place of the truth. */
  readonly packed?: bigint;
  readonly size?: bigint;
  readonly at?: bigint;
  readonly flags?: number;
  /** Packed bytes that are there already. */
  readonly body?: Buffer;
}

export interface Claims {
  readonly count?: number;
  readonly directoryAt?: bigint;
  readonly directorySize?: bigint;
}

const FULL = 0xffffffffn;
/** Numbers of 32 bits; what does not fit is said to stand elsewhere. */
const short = (value: bigint): number => Number(value >= FULL || value < 0n ? FULL : value);

export function zip(entries: readonly Entry[], claims: Claims = {}): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let position = 0;
  for (const entry of entries) {
    const { content, method = 8, flags = 0 } = entry;
    const name = Buffer.from(entry.name as string);
    const body = entry.body ?? (method === 8 ? deflateRawSync(content) : content);
    const [packed, size, at] = [
      entry.packed ?? BigInt(body.length),
      entry.size ?? BigInt(content.length),
      entry.at ?? BigInt(position),
    ];
    const wide = [size, packed, at].filter((value) => short(value) === Number(FULL));
    const extra = Buffer.alloc(wide.length > 0 ? 4 + 8 * wide.length : 0);
    if (wide.length > 0) {
      extra.writeUInt16LE(1, 0);
      extra.writeUInt16LE(8 * wide.length, 2);
    }
    wide.forEach((value, i) => extra.writeBigUInt64LE(BigInt.asUintN(64, value), 4 + 8 * i));
    const about = Buffer.alloc(24);
    [20, flags, method].forEach((value, i) => about.writeUInt16LE(value, 2 * i));
    [crc32(content), short(packed), short(size)].forEach((value, i) => about.writeUInt32LE(value, 10 + 4 * i));
    about.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), about, Buffer.alloc(2), name, body]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(short(at), 10);
    const lengths = Buffer.alloc(2);
    lengths.writeUInt16LE(extra.length);
    directory.push(Buffer.from("PK\x01\x02\x14\0", "latin1"), about, lengths, tail, name, extra);
    if (entry.at === undefined) {
      parts.push(local);
      position += local.length;
    }
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  const count = claims.count ?? entries.length;
  for (const at of [8, 10]) end.writeUInt16LE(count % 65536, at);
  end.writeUInt32LE(short(claims.directorySize ?? BigInt(listed.length)), 12);
  end.writeUInt32LE(short(claims.directoryAt ?? BigInt(position)), 16);
  return Buffer.concat([...parts, listed, end]);
}

/** A .npy array of version 1. */
export function npyOf(
  dict: string,
  values: Buffer,
  { version = 1, length }: { version?: number; length?: number } = {},
): Buffer {
  const text = Buffer.from(`${dict}\n`, "latin1");
  const head = Buffer.from(version === 1 ? "\x93NUMPY\x01\0\0\0" : "\x93NUMPY\x02\0\0\0\0\0", "latin1");
  head[6] = version;
  if (version === 1) head.writeUInt16LE((length ?? text.length) % 65536, 8);
  else head.writeUInt32LE((length ?? text.length) % 2 ** 32, 8);
  return Buffer.concat([head, text, values]);
}

export const dictOf = (descr: string, shape: string, order = "False"): string =>
  `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }`;

/** An array whose header says what nobody expects. */
export function hostileNpy(draws: Draws): Buffer {
  const axis = (): string =>
    String(
      draws.pick<unknown>([
        1,
        2,
        3,
        4,
        0,
        -1,
        1.5,
        "'3'",
        "True",
        "None",
        "()",
        "1e9",
        "2L",
        "0x10",
        ...extremes,
        ...extremes,
      ]),
    );
  const axes = Array.from({ length: draws.pick([0, 1, 2, 2, 2, 3, 3, 4, 40]) }, axis);
  const shape = draws.pick([
    `(${axes.join(", ")}${axes.length === 1 ? "," : ""})`,
    `[${axes.join()}]`,
    axis(),
    "(".repeat(draws.pick([3, 9000])) + ")".repeat(9000),
  ]);
  const descr = draws.pick([
    "'<f4'",
    "'<f4'",
    "'<f8'",
    "'>f2'",
    "'|i1'",
    "'<u8'",
    "'|b1'",
    "'<f3'",
    "'|O'",
    "'<U9'",
    "[('a', '<f4')]",
    "4",
    "None",
    "'<f4\\x1b[31m'",
    "'" + "f".repeat(9000) + "'",
  ]);
  const order = draws.pick(["False", "False", "False", "True", "None", "0", "'no'"]);
  const dict = draws.pick([
    dictOf(descr, shape, order),
    dictOf(descr, shape, order),
    dictOf(descr, shape, order),
    `{'__proto__': {'polluted': 1}, ${dictOf(descr, shape, order).slice(1)}`,
    `{'descr': ${descr}, 'shape': ${shape}}`,
    `${dictOf(descr, shape, order)}${" ".repeat(draws.pick([1, 60_000]))}`,
    draws.pick(["null", "[]", "{", "'descr'", "1", ""]),
  ]);
  const length = draws.chance(0.15) ? Number(BigInt.asUintN(32, draws.pick(extremes))) : undefined;
  if (draws.chance(0.3))
    return npyOf(dictOf("'<f4'", draws.pick(["(12,)", "(4, 3)", "(2, 3, 2)"]), order), Buffer.alloc(48));
  return npyOf(dict, Buffer.alloc(draws.pick([0, 1, 8, 48, 96, 4096])), {
    version: draws.pick([1, 1, 1, 2, 3, 0, 9, 255]),
    length,
  });
}

const names: readonly (string | Buffer)[] = [
  "a.npy", "logits.npy", "0.weight.npy", "0.bias.npy", "2.weight.npy", "00.weight.npy", "../../escape.npy", "/tmp/escape.npy", "..", "", ".npy",
  "__proto__.npy", "constructor.npy", "a\nb.npy", "\u001b[2J.npy", "C:\\x.npy", "x".repeat(5000) + ".npy", "💥.npy", "a.txt", "dir/", Buffer.from([0xff, 0xfe, 0x2e, 0x6e, 0x70, 0x79]),
]; // prettier-ignore

/** An archive that lies about what it holds, or holds far more than it looks like. */
export function hostileZip(draws: Draws): Buffer {
  const content = (): Buffer => {
    const kind = draws.below(5);
    if (kind === 0) return hostileNpy(draws);
    if (kind === 1) return zeros("(4,)", 4);
    return zeros("(4, 3)", 12);
  };
  const number = (): bigint => draws.pick([...extremes, 128n, 176n, 4096n, 2n ** 33n]);
  const lie = (): bigint | undefined => (draws.chance(0.15) ? number() : undefined);
  const entries = Array.from({ length: draws.pick([0, 1, 1, 1, 1, 1, 1, 2, 2, 4, 60]) }, (): Entry => ({
    ...(draws.chance(0.05)
      ? draws.pick(bombs)
      : { content: content(), method: draws.pick([0, 0, 8, 8, 8, 8, 1, 12, 99]) }),
    name: draws.chance(0.5) ? draws.pick(["a.npy", "0.weight.npy", "0.bias.npy"]) : draws.pick(names),
    packed: lie(),
    size: lie(),
    at: draws.chance(0.1) ? draws.pick([0n, ...extremes]) : undefined,
    flags: draws.chance(0.05) ? 1 : 0,
  }));
  const claims = {
    ...(draws.chance(0.1) && { count: draws.pick([0, 1, 2, 1000, 65535]) }),
    ...(draws.chance(0.1) && { directoryAt: number() }),
    ...(draws.chance(0.1) && { directorySize: number() }),
  };
  return zip(entries, claims);
}

/** Zeros that DEFLATE makes a thousandth of, under a header that is right. */
export function bomb(name: string, values: number): Entry {
  const content = npyOf(dictOf("'<f4'", `(${values}, 1)`), Buffer.alloc(4 * values));
  return { name, content, body: deflateRawSync(content) };
}

const zeros = (shape: string, values: number): Buffer => npyOf(dictOf("'<f4'", shape), Buffer.alloc(4 * values));

const bombs = [bomb("", 2 ** 18), bomb("", 2 ** 21)];
