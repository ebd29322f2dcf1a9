/** Two learners on one pool: one asks by a strategy, the other at random. All else is the same. */
import { activeLearning, stopWhen, type Engine, type LoopOptions, type Pool, type Round } from "poolwise";
import { comparesPasses, takesStrategy } from "./menus.ts";
import { modelOf } from "./models.ts";
import { atWork, remedyOf } from "./remedies.ts";
import type { Settings } from "./settings.ts";
import { worldOf, type World } from "./world.ts";

/** A round of both. */
export type Rounds = readonly [asked: Round, atRandom: Round];

export class Race {
  readonly world: World;
  private readonly pools: readonly Pool[];
  private readonly loops: readonly AsyncGenerator<Round>[];

  private constructor(world: World, pools: readonly Pool[], loops: readonly AsyncGenerator<Round>[]) {
    this.world = world;
    this.pools = pools;
    this.loops = loops;
  }

  /** The signal ends whatever the race is at. */
  static async open(engine: Engine, settings: Settings, signal?: AbortSignal): Promise<Race> {
    const world = worldOf(settings);
    // A loop gives its pool the model that it has trained, so each has a pool of its own.
    const pools = [await engine.load({ features: world.features }), await engine.load({ features: world.features })];
    const ways = [waysOf(settings), { strategy: "random" } as const];
    const loops = pools.map((pool, at) =>
      activeLearning({
        ...commonOf(settings, world),
        ...ways[at],
        pool,
        start: { ...ways[at].start, k: settings.first },
        signal,
      }),
    );
    return new Race(world, pools, loops);
  }

  /** The next round of both: the last says why it is the last (`stop`). */
  async next(): Promise<Rounds> {
    const [asked, atRandom] = this.loops;
    return [await nextOf(asked), await nextOf(atRandom)];
  }

  close(): void {
    for (const pool of this.pools) pool.close();
  }
}

type Ways = Pick<LoopOptions, "strategy" | "batch" | "passes" | "start"> & Partial<LoopOptions>;

/** How the learner asks that does not ask at random. */
function waysOf(settings: Settings): Ways {
  const { strategy, batch, model } = settings;
  const { passes } = modelOf(model);
  return {
    batch,
    ...(takesStrategy(batch) && { strategy }),
    ...(typeof passes === "number" && comparesPasses(strategy, batch) && { passes }),
    ...Object.assign({}, ...atWork(settings).map((name) => remedyOf(name).options)),
  };
}

const commonOf = (
  { seed, model, k, blobs, budget }: Settings,
  { labels, validation }: World,
): Omit<LoopOptions, "pool"> => ({
  model: modelOf(model).model,
  oracle: ({ rows }) => rows.map((row) => labels[row]),
  classes: blobs,
  k,
  validation,
  seed,
  stop: stopWhen.budget(budget),
});

async function nextOf(loop: AsyncGenerator<Round>): Promise<Round> {
  const { value, done } = await loop.next();
  if (done) throw new Error("the race is over");
  return value;
}
