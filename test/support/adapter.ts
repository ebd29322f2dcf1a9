/**
 * Set-up of every test file in Node: settles which Vulkan driver Dawn will find. `POOLWISE_TEST_ADAPTER` decides,
 * `system` or `swiftshader`; without it the machine's own driver is taken if it gives an adapter.
 */
import { create } from "webgpu";
import { useSwiftShader } from "./swiftshader.ts";

const choice = process.env.POOLWISE_TEST_ADAPTER ?? "";
if (!["", "system", "swiftshader"].includes(choice)) {
  throw new Error(`POOLWISE_TEST_ADAPTER=${choice}: must be system or swiftshader`);
}
if (choice === "swiftshader" || (choice === "" && !(await create([]).requestAdapter()))) useSwiftShader();
