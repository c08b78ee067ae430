/**
 * SwiftShader, a Vulkan driver that computes on the CPU, out of the optional package `@sparticuz/chromium`. Node only.
 * The package holds it as a compressed archive; it is unpacked once into a cache folder of this user.
 */
import { createReadStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";
import { cacheFolder } from "./cache-folder.js";

const PACKAGE = "@sparticuz/chromium";
const FILES = ["libvk_swiftshader.so", "libvulkan.so.1", "vk_swiftshader_icd.json"];

export type SwiftShader =
  | { readonly available: true; readonly driver: string; readonly manifest: string; readonly vulkanLoader: string }
  | { readonly available: false; readonly driver: string; readonly reason: string };

let unpacking: Promise<SwiftShader> | undefined;

/** Finds and unpacks the driver, once in a process. */
export function findSwiftShader(): Promise<SwiftShader> {
  unpacking ??= locate().catch((error: unknown) => {
    unpacking = undefined;
    return { available: false, driver: PACKAGE, reason: `it cannot be unpacked: ${String(error)}` };
  });
  return unpacking;
}

async function locate(): Promise<SwiftShader> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    const reason = `it holds libraries for Linux on x86-64 only, and this is ${process.platform} on ${process.arch}`;
    return { available: false, driver: PACKAGE, reason };
  }
  const entry = resolvePackage();
  if (entry === undefined) {
    return {
      available: false,
      driver: PACKAGE,
      reason: `the optional package is not installed (npm install ${PACKAGE}@147.0.0; later ones need Node.js 22)`,
    };
  }
  const root = dirname(dirname(dirname(entry))); // the entry is build/cjs/index.cjs
  const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string };
  const folder = join(cacheFolder(), `swiftshader-${version}`);
  if (!existsSync(folder)) await unpack(join(root, "bin", "swiftshader.tar.br"), entry, folder);
  return {
    available: true,
    driver: `${PACKAGE} ${version}`,
    manifest: join(folder, "vk_swiftshader_icd.json"),
    vulkanLoader: join(folder, "libvulkan.so.1"),
  };
}

function resolvePackage(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(PACKAGE);
  } catch {
    return undefined;
  }
}

/** Unpacks beside `folder` and renames, so that of several processes one wins and none sees half a folder. */
async function unpack(archive: string, packageEntry: string, folder: string): Promise<void> {
  // The package's own `inflate` writes into the shared temporary folder; its tar reader can be told where to.
  const tar = createRequire(packageEntry)("tar-fs") as {
    extract(folder: string, options: { ignore(path: string): boolean }): NodeJS.WritableStream;
  };
  await mkdir(dirname(folder), { recursive: true });
  const temporary = await mkdtemp(`${folder}.`);
  try {
    const ignore = (path: string): boolean => !FILES.includes(basename(path));
    await pipeline(createReadStream(archive), createBrotliDecompress(), tar.extract(temporary, { ignore }));
    await rename(temporary, folder);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (!existsSync(folder)) throw error; // otherwise another process was first
  }
}
