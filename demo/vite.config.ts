/** The page: a dev server, and static files that any folder can serve. */
import { join } from "node:path";
import { defineConfig, type Plugin } from "vite";
import { withDigits } from "./digits/plugin.ts";

const root = import.meta.dirname;

/** The page imports the library by the names that its users do; tsconfig.json says the same. The longer name first. */
export const asPackage = {
  "poolwise/web": join(root, "../src/web.ts"),
  poolwise: join(root, "../src/index.ts"),
};

/** What a page has to be sent with for its threads to share memory. Without, the cpu backend has one thread. */
const isolating = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/** Nothing comes from elsewhere, and nothing goes there. The cpu backend is WebAssembly, its threads come from blobs. */
const policy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self' blob:",
  "style-src 'self'",
  "img-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/** Only when built: the dev server puts styles into the page as it goes. */
const withPolicy: Plugin = {
  name: "content-security-policy",
  apply: "build",
  transformIndexHtml: () => [
    { tag: "meta", attrs: { "http-equiv": "Content-Security-Policy", content: policy }, injectTo: "head-prepend" },
  ],
};

export default defineConfig({
  root,
  base: "./",
  resolve: { alias: asPackage },
  plugins: [withPolicy, withDigits()],
  server: { headers: isolating },
  preview: { headers: isolating },
  build: {
    target: ["chrome123", "firefox128", "safari17.5"], // the first with light-dark() and registered colours
    assetsInlineLimit: 0, // data: addresses are not among what the policy lets in
  },
});
