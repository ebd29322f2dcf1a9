/** How often each fault is made, in `npm test` and in `npm run soak`: docs tell of these numbers. */
import { isSoak } from "../../support/soak.ts";

interface FaultCount {
  /** What is done so often. */
  readonly what: string;
  readonly short: number;
  /** Infinity: as often as there are places for it. */
  readonly long: number;
}

export const faultCounts = {
  lossPoints: {
    what: "calls, of all that one kind of work makes of a device, at which it is lost, evenly spread",
    short: 5,
    long: Infinity,
  },
  bufferFailures: {
    what: "buffers, of all that one kind of work asks a device for, that it has no room for, evenly spread",
    short: 4,
    long: Infinity,
  },
  arrayFailures: {
    what: "arrays, of all that one kind of work makes on the cpu, that there is no memory for, evenly spread",
    short: 12,
    long: Infinity,
  },
  workerDeaths: { what: "moments of a call at which a worker dies, each way", short: 6, long: 40 },
  loopKills: { what: "kills of a loop with a journal, at random times", short: 6, long: 120 },
  simulateKills: { what: "kills of poolwise simulate, at random times", short: 3, long: 100 },
  journalRaces: { what: "times that four processes open one journal at once", short: 4, long: 50 },
  cpuCalls: { what: "calls of score and select on the cpu, on one thread and on two", short: 600, long: 10_000 },
  deviceCalls: { what: "calls of score and select on a device", short: 60, long: 10_000 },
  cpuEngines: { what: "engines on the cpu, opened and closed", short: 40, long: 1000 },
  deviceEngines: { what: "engines with a device of their own, opened and closed", short: 20, long: 1000 },
} as const satisfies Record<string, FaultCount>;

/** How many of them this run makes. */
export const timesOf = (name: keyof typeof faultCounts): number => faultCounts[name][isSoak ? "long" : "short"];
