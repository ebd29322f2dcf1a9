/** `import address from "virtual:digits"`: where the digits lie, in the built page and on the dev server. */
import type { Plugin } from "vite";
import { packDigits } from "./pack.ts";

const ID = "virtual:digits";
const FILE = "digits.bin";

export function withDigits(): Plugin {
  let isServed = false;
  return {
    name: "digits",
    configResolved: ({ command }) => void (isServed = command === "serve"),
    configureServer: ({ middlewares }) => void middlewares.use(`/${FILE}`, (_, response) => response.end(packDigits())),
    resolveId: (id) => (id === ID ? `\0${ID}` : undefined),
    load(id) {
      if (id !== `\0${ID}`) return undefined;
      if (isServed) return `export default "/${FILE}";`;
      const reference = this.emitFile({ type: "asset", name: FILE, source: packDigits() });
      return `export default import.meta.ROLLUP_FILE_URL_${reference};`;
    },
  };
}
