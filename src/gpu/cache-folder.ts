/** Where what can be made again is kept between runs. Node only. */
import { homedir } from "node:os";
import { join } from "node:path";

/** The cache folder of this user, which need not exist yet. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "onsager");
}
