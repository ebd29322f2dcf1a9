/**
 * Whether Linux has a Vulkan driver at all. Dawn finds out too, but says so on standard error in C++, on every command of
 * a machine that has none; the Vulkan loader's own rules are looked up here first.
 */

/** Folders below which the loader looks for `vulkan/icd.d/*.json`; the last is where NixOS keeps its drivers. */
function searchFolders(env: NodeJS.ProcessEnv): string[] {
  const home = env.HOME ?? "";
  return [
    env.XDG_CONFIG_HOME ?? `${home}/.config`,
    ...(env.XDG_CONFIG_DIRS ?? "/etc/xdg").split(":"),
    "/usr/local/etc",
    "/etc",
    env.XDG_DATA_HOME ?? `${home}/.local/share`,
    ...(env.XDG_DATA_DIRS ?? "/usr/local/share:/usr/share").split(":"),
    "/run/opengl-driver/share",
  ];
}

/** True on every other system: there Dawn does not use Vulkan first. */
export function mayHaveVulkan(): boolean {
  const { platform, env } = process;
  const fs = process.getBuiltinModule?.("node:fs");
  if (platform !== "linux" || !fs) return true;
  const named = env.VK_DRIVER_FILES ?? env.VK_ICD_FILENAMES;
  if (named) return named.split(":").some((path) => fs.existsSync(path));
  if (env.VK_ADD_DRIVER_FILES) return true;
  return searchFolders(env).some((folder) => {
    const path = `${folder}/vulkan/icd.d`;
    return fs.existsSync(path) && fs.readdirSync(path).some((file) => file.endsWith(".json"));
  });
}
