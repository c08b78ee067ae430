/** Named arrays as one HDF5 file, through `h5wasm`, which is optional: 14.5 MB that few need. */
import { InputError } from "../physics/input-error.js";
import { writeFileAtomically } from "./atomic-file.js";
import { checkNamedArrays, type NamedArray } from "./named-arrays.js";

/** The library builds a file in memory, beside a copy of each array in turn. */
const MAX_BYTES = 2 ** 30;

let sequence = 0;

/**
 * Load the library, before there is anything to lose.
 *
 * @param where the option or file that asks for HDF5, for the message
 * @throws InputError when `h5wasm` is not installed
 */
export async function loadHdf5(where: string) {
  try {
    const { default: library } = await import("h5wasm");
    const module = await library.ready;
    // Without this a failure is printed, and otherwise passed over.
    module.activate_throwing_error_handler();
    return { File: library.File, files: module.FS };
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND")) throw error;
    throw new InputError(where, "no package h5wasm, which HDF5 needs", "it to be installed: npm install h5wasm");
  }
}

/**
 * Write named arrays into one HDF5 file, whole or not at all. Units and descriptions become the attributes `unit` and
 * `description` of each dataset. HDF5 notes the second in which a dataset was made, so the same arrays give equal contents
 * and not equal bytes. The file is built in memory: up to 1 GiB.
 *
 * @param path the file to make or replace
 * @param arrays in the order of the file
 * @param attributes of the file itself
 * @throws InputError when `h5wasm` is not installed or the arrays are larger; OutputError when the system refuses
 */
export async function writeHdf5(
  path: string,
  arrays: readonly NamedArray[],
  attributes: Readonly<Record<string, string | number>> = {},
): Promise<void> {
  checkNamedArrays(arrays);
  const bytes = arrays.reduce((sum, { values }) => sum + values.byteLength, 0);
  if (bytes > MAX_BYTES)
    throw new InputError(
      path,
      `${(bytes / 2 ** 30).toFixed(1)} GiB of arrays`,
      "at most 1 GiB in HDF5; write NPY files",
    );
  const { File, files } = await loadHdf5(path);
  const name = `${sequence++}.h5`;
  try {
    const file = new File(name, "w");
    try {
      for (const [key, value] of Object.entries(attributes)) file.create_attribute(key, value);
      const groups = new Set<string>();
      for (const array of arrays) {
        for (let at = array.name.indexOf("/"); at >= 0; at = array.name.indexOf("/", at + 1)) {
          const group = array.name.slice(0, at);
          if (!groups.has(group)) file.create_group(group);
          groups.add(group);
        }
        const dataset = file.create_dataset({
          name: array.name,
          data: array.values,
          shape: [...array.shape],
          dtype: array.values instanceof Float32Array ? "<f" : "<d",
        });
        if (array.unit !== undefined) dataset.create_attribute("unit", array.unit);
        dataset.create_attribute("description", array.description);
      }
    } finally {
      file.close();
    }
    await writeFileAtomically(path, files.readFile(name));
  } finally {
    if (files.analyzePath(name).exists) files.unlink(name);
  }
}
