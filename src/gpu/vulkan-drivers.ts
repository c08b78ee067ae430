/** Vulkan on Linux: the loader library and the manifests of the drivers that are installed. Node only. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { constants, homedir } from "node:os";
import { join } from "node:path";

const LOADER = "libvulkan.so.1";
const RTLD_NODELETE = 0x1000; // without it the library is unloaded again as soon as Node finds no module in it

/** True when the Vulkan loader is, or now becomes, part of this process; Dawn then finds it by name. */
export function loadVulkanLoader(path: string = LOADER): boolean {
  try {
    process.dlopen({ exports: {} }, path, constants.dlopen.RTLD_NOW | constants.dlopen.RTLD_GLOBAL | RTLD_NODELETE);
  } catch (error) {
    // It is no Node module, so this always throws; what matters is whether it was loaded before that.
    return String(error).includes("did not self-register");
  }
  return true;
}

/** Where the Vulkan loader looks for driver manifests, and where container runtimes mount NVIDIA's. */
export function manifestFolders(): string[] {
  const home = homedir();
  const { XDG_CONFIG_HOME, XDG_CONFIG_DIRS, XDG_DATA_HOME, XDG_DATA_DIRS } = process.env;
  const roots = [
    XDG_CONFIG_HOME || join(home, ".config"),
    ...(XDG_CONFIG_DIRS || "/etc/xdg").split(":"),
    "/etc",
    XDG_DATA_HOME || join(home, ".local/share"),
    ...(XDG_DATA_DIRS || "/usr/local/share:/usr/share").split(":"),
    "/usr/local/nvidia/share",
  ];
  return [...new Set(roots.filter((root) => root !== "").map((root) => join(root, "vulkan", "icd.d")))];
}

/** The manifest files of the installed drivers, or those that the environment names instead of them. */
export function findDriverManifests(): string[] {
  const named = process.env.VK_DRIVER_FILES || process.env.VK_ICD_FILENAMES;
  const places = named ? named.split(":") : manifestFolders();
  return places.filter((place) => place !== "" && existsSync(place)).flatMap(manifestsAt);
}

function manifestsAt(place: string): string[] {
  if (!statSync(place).isDirectory()) return [place];
  const names = readdirSync(place).filter((name) => name.endsWith(".json"));
  return names.sort().map((name) => join(place, name));
}
