/** Centres brought into the order of their distance to some points, on all threads. */
import { CrewCall } from "./crewCall.ts";
import { askedFields, orderingFields } from "./simd.gen.ts";
import type { SimdDistances } from "./simdDistances.ts";
import { placesOf, structBytes } from "./structs.ts";

/** What `order` needs to tell distances apart. */
const BINS = 2 ** 16;

const askedPlaces = placesOf(askedFields);
const ASKED_WORDS = Object.keys(askedFields).length;

/** A point, [dims], and which centres are asked for: those from a number on that are not farther than `horizon`. */
export interface Ask {
  readonly point: Float32Array;
  readonly from: number;
  readonly horizon: number;
}

/** Centres by number, and how far each is at least from an anchor, in the order of that. */
export interface CentreList {
  readonly length: number;
  /** [length], each good for as long as nothing is waited for. */
  readonly list: Uint32Array;
  readonly near: Float32Array;
}

/** Centres in the order of their distance to each of some points. */
export interface Ordered {
  /** To be waited for before lists are read. */
  ready(): Promise<void>;
  /** Good until it is closed. */
  of(ask: number): CentreList;
  close(): Promise<void>;
}

/** Distances are told apart to 0.4 %, the same way in every call. */
export function inOrder(distances: SimdDistances, asks: readonly Ask[]): Ordered {
  const { width, crew, count } = distances;
  const least = asks.reduce((found, { from }) => Math.min(found, from), count);
  // Kernels write keys by fours.
  const room = 4 * Math.ceil((count - least) / 4);
  const own = structBytes(orderingFields);
  const askWords = ASKED_WORDS + width + 2 * room;
  const call = new CrewCall(crew, own + 4 * askWords * asks.length + 4 * (room + BINS + 1));
  const pointsAt = call.at + own;
  const askedAt = pointsAt + 4 * width * asks.length;
  const listAt = askedAt + 4 * ASKED_WORDS * asks.length;
  const nearAt = listAt + 4 * room * asks.length;
  const keysAt = nearAt + 4 * room * asks.length;
  const { floats, words } = crew;
  for (let i = 0; i < asks.length; i++) {
    const { point, from, horizon } = asks[i];
    const pointAt = pointsAt / 4 + i * width;
    const asked = askedAt / 4 + i * ASKED_WORDS;
    floats.set(point, pointAt);
    floats.fill(0, pointAt + point.length, pointAt + width);
    words[asked + askedPlaces.from] = from;
    floats[asked + askedPlaces.horizon] = horizon;
    distances.evaluations += count - from;
  }
  call.post("order", orderingFields, {
    points: pointsAt,
    asked: askedAt,
    count: asks.length,
    width,
    centres: distances.centresAt,
    end: count,
    wider: distances.wider,
    absolute: distances.error.absolute,
    list: listAt,
    near: nearAt,
    room,
    keys: keysAt,
    bins: keysAt + 4 * room,
  });
  return {
    ready: () => call.finished(),
    of: (ask) => {
      const listed = crew.words[askedAt / 4 + ask * ASKED_WORDS + askedPlaces.listed];
      const [first, firstNear] = [listAt / 4 + ask * room, nearAt / 4 + ask * room];
      // Views of a memory that may grow are made when they are asked for: to copy lists took as long as to write them.
      return {
        length: listed,
        get list() {
          return crew.words.subarray(first, first + listed);
        },
        get near() {
          return crew.floats.subarray(firstNear, firstNear + listed);
        },
      };
    },
    close: () => call.close(),
  };
}
