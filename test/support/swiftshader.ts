/** SwiftShader, a Vulkan driver in software, for machines that have no driver of their own. */
import { constants } from "node:os";
import { join } from "node:path";
import { unpacked } from "./unpacked.ts";

const { RTLD_NOW, RTLD_GLOBAL } = constants.dlopen;
const RTLD_NODELETE = 0x1000; // Node has no name for it

/**
 * Makes SwiftShader the only Vulkan driver of this process and of the processes it starts. Call it on the main thread
 * (a worker's process.env is a copy that the loader never sees) and before the first adapter is asked for.
 */
export function useSwiftShader(): void {
  const folder = unpacked("swiftshader", ["swiftshader.tar.br"]);
  process.env.VK_DRIVER_FILES = join(folder, "vk_swiftshader_icd.json");
  process.env.LD_LIBRARY_PATH = [folder, process.env.LD_LIBRARY_PATH].filter(Boolean).join(":");
  // LD_LIBRARY_PATH is read when a process starts, too late for this one: load Vulkan now, and Dawn finds it loaded.
  try {
    process.dlopen({ exports: {} }, join(folder, "libvulkan.so.1"), RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE);
  } catch (error) {
    if (!String(error).includes("did not self-register")) throw error; // true of any library that is no Node addon
  }
}
