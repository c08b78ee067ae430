/**
 * NumPy's NPZ: a ZIP archive of NPY files, stored as `numpy.savez` does (random mantissas hardly compress).
 *
 * Source of the format: `numpy.lib.npyio`.
 */
import { Zip, ZipPassThrough } from "fflate";
import { InputError } from "../physics/input-error.js";
import { writeFileAtomically } from "./atomic-file.js";
import { checkNamedArrays, type NamedArray } from "./named-arrays.js";
import { npyPieces } from "./npy.js";

/** ZIP has 32-bit sizes, and fflate writes no ZIP64; headers get what is left. */
const MAX_BYTES = 2 ** 32 - 2 ** 24;

const MAX_ARRAYS = 2 ** 16 - 1;

/**
 * Write named arrays into one NPZ file, whole or not at all; the same arrays give the same bytes. Written piece by piece:
 * a few MiB are held beside the arrays themselves. Units and descriptions have no place in the format.
 *
 * @param path the file to make or replace
 * @param arrays in the order of the file
 * @throws InputError when they do not fit into one archive (4 GiB, 65 535 arrays); OutputError when the system refuses
 */
export async function writeNpz(path: string, arrays: readonly NamedArray[]): Promise<void> {
  checkNamedArrays(arrays);
  const bytes = arrays.reduce((sum, { name, values }) => sum + values.byteLength + 2 * name.length + 512, 0);
  if (bytes > MAX_BYTES)
    throw new InputError(path, `${(bytes / 2 ** 30).toFixed(1)} GiB of arrays`, "less than 4 GiB; write NPY files");
  if (arrays.length > MAX_ARRAYS)
    throw new InputError(path, `${arrays.length} arrays`, `at most ${MAX_ARRAYS} in one file; stack them`);
  await writeFileAtomically(path, async (write) => {
    const ready: Uint8Array[] = [];
    const archive = new Zip((error, piece) => {
      if (error) throw error;
      ready.push(piece);
    });
    const drain = async () => {
      for (const piece of ready.splice(0)) await write(piece);
    };
    for (const { name, shape, values } of arrays) {
      const entry = new ZipPassThrough(`${name}.npy`);
      // ZIP's first day, by the clock of any time zone, as fflate writes local time: equal arrays make equal bytes.
      entry.mtime = new Date(1980, 0, 1, 12);
      archive.add(entry);
      for (const piece of npyPieces(shape, values, values instanceof Float32Array ? "<f4" : "<f8")) {
        entry.push(piece);
        await drain();
      }
      entry.push(new Uint8Array(0), true);
      await drain();
    }
    archive.end();
    await drain();
  });
}
