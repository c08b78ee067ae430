/** Memory layout shared with the shaders: rows of sites, keys and components are padded to a multiple of four. */

/** The smallest multiple of four that is at least n. */
export function pad(n: number): number {
  return 4 * Math.ceil(n / 4);
}
