/** A process that runs loops, one after the other, as it is told. */
import { openEngine } from "../../engine.ts";
import { InputError } from "../../errors.ts";
import { simulate, type RunKey, type RunResult, type SimulationPlan, type Truth } from "../../loop/simulate.ts";

/** What a process is told: what to simulate, first, and then which run. */
export type Order = { readonly truth: Truth; readonly plan: SimulationPlan } | { readonly key: RunKey };

/** What it says of each run. */
export type Outcome = { readonly result: RunResult } | { readonly failed: string; readonly isInput: boolean };

const engine = await openEngine({ backend: "cpu", threads: 1 });
let about: { truth: Truth; plan: SimulationPlan };
// Nobody is left to tell.
process.on("disconnect", () => process.exit());
process.on("message", (order: Order) => {
  if ("truth" in order) {
    about = order;
    return;
  }
  simulate(engine, about.truth, about.plan, order.key).then(
    (result) => tell({ result }),
    (error: Error) => tell({ failed: error.message, isInput: error instanceof InputError }),
  );
});

/** Who gave the order may be gone, which ends this process as well: no failure. */
function tell(outcome: Outcome): void {
  process.send!(outcome, undefined, {}, (error) => {
    if (error) process.exit();
  });
}
