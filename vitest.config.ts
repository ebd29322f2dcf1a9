import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import { asPackage } from "./demo/vite.config.ts";
import { chromiumLaunchOptions } from "./test/support/chromium.ts";

// Where a device is software, a kernel that takes 5 ms on a GPU can take seconds, and more beside other tests on two cores.
const patience = { testTimeout: 120_000, hookTimeout: 120_000, expect: { poll: { timeout: 20_000 } } };

/** What a page has to be sent with for its threads to share memory. */
const isolating = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

export default defineConfig({
  test: {
    maxWorkers: 2, // compiling for a software device keeps one core busy, and vitest would leave the second of two idle
    projects: [
      {
        test: {
          ...patience,
          name: "node",
          include: ["test/**/*.test.ts"],
          exclude: ["test/browser/**", "test/demo/**"],
          setupFiles: ["test/support/adapter.ts"],
          pool: "forks", // the adapter is chosen through process.env, which is only a copy in a worker thread
        },
      },
      {
        optimizeDeps: { include: ["webgpu-utils", "fflate", "hyparquet", "hyparquet-compressors"] }, // found late, vite would reload the page in the middle of a test
        server: { headers: isolating },
        test: {
          ...patience,
          name: "browser",
          env: { POOLWISE_SOAK: process.env.POOLWISE_SOAK ?? "" }, // a page has no environment of its own
          include: ["test/backends/**/*.test.ts", "test/browser/**/*.test.ts"],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            instances: [{ browser: "chromium" }],
            provider: playwright({
              get launchOptions() {
                return chromiumLaunchOptions(); // asked for late: it may unpack 200 MB, of no use to the node project
              },
            }),
          },
        },
      },
      {
        resolve: { alias: asPackage },
        test: {
          ...patience,
          name: "demo",
          include: ["test/demo/**/*.test.ts"],
          globalSetup: ["test/demo/support/server.ts"],
        },
      },
    ],
  },
});
