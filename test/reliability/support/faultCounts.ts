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
    what: "calls, of all that one kind of work makes of a device, at which it is lost",
    short: 5,
    long: Infinity,
  },
  loopKills: { what: "kills of a loop with a journal, at random times", short: 6, long: 120 },
  simulateKills: { what: "kills of poolwise simulate, at random times", short: 3, long: 100 },
  journalRaces: { what: "times that four processes open one journal at once", short: 4, long: 50 },
} as const satisfies Record<string, FaultCount>;

/** How many of them this run makes. */
export const timesOf = (name: keyof typeof faultCounts): number => faultCounts[name][isSoak ? "long" : "short"];
