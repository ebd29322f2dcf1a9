/** A process that asks for journals, for `journals.test.ts`: told of a path it opens it, and says how that went; told nothing it closes it. */
import { openJournal } from "../../../src/node.ts";

let open: Awaited<ReturnType<typeof openJournal>> | undefined;

process.on("message", async (path: string) => {
  try {
    if (path === "") await open?.close();
    else open = await openJournal(path);
    process.send!("done");
  } catch (error) {
    process.send!((error as Error).message);
  }
});
process.on("disconnect", () => process.exit());
process.send!("ready");
