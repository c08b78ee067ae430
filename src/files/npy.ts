/**
 * NumPy's NPY files: read versions 1 to 3 of real and integer arrays, write version 1 of floats.
 *
 * Source of the format: NEP 1 and `numpy.lib.format`.
 */
import type { FileHandle } from "node:fs/promises";
import type { NumericArray } from "../physics/arrays.js";
import { InputError } from "../physics/input-error.js";
import { writeFileAtomically } from "./atomic-file.js";
import { openInputFile } from "./input-file.js";

/** How floats are stored in a file. */
export type FloatType = "<f4" | "<f8";

interface ElementType {
  readonly bytes: number;
  readonly read: (view: DataView, offset: number, littleEndian: boolean) => number;
}

const MAGIC = Buffer.from("\x93NUMPY", "latin1");
const CHUNK_BYTES = 1 << 22;
const EXPECTED = "an NPY file of real numbers";

/** Element types by NumPy's kind and width, without the byte order. */
const ELEMENT_TYPES: Readonly<Record<string, ElementType>> = {
  b1: { bytes: 1, read: (view, offset) => (view.getUint8(offset) === 0 ? 0 : 1) },
  i1: { bytes: 1, read: (view, offset) => view.getInt8(offset) },
  u1: { bytes: 1, read: (view, offset) => view.getUint8(offset) },
  i2: { bytes: 2, read: (view, offset, little) => view.getInt16(offset, little) },
  u2: { bytes: 2, read: (view, offset, little) => view.getUint16(offset, little) },
  i4: { bytes: 4, read: (view, offset, little) => view.getInt32(offset, little) },
  u4: { bytes: 4, read: (view, offset, little) => view.getUint32(offset, little) },
  i8: { bytes: 8, read: (view, offset, little) => Number(view.getBigInt64(offset, little)) },
  u8: { bytes: 8, read: (view, offset, little) => Number(view.getBigUint64(offset, little)) },
  f2: { bytes: 2, read: (view, offset, little) => halfToNumber(view.getUint16(offset, little)) },
  f4: { bytes: 4, read: (view, offset, little) => view.getFloat32(offset, little) },
  f8: { bytes: 8, read: (view, offset, little) => view.getFloat64(offset, little) },
};

/**
 * Read an NPY file. Booleans become 0 and 1, either byte order is accepted, Fortran order becomes row-major, and
 * non-finite values are kept.
 *
 * @param path the file
 * @throws InputError when it is not a whole NPY file of real numbers, or holds 64-bit integers beyond 2^53
 */
export async function readNpy(path: string): Promise<NumericArray> {
  const handle = await openInputFile(path, EXPECTED);
  try {
    const { header, offset } = await readHeader(path, handle);
    const { type, littleEndian, fortranOrder, shape } = parseHeader(path, header);
    const count = shape.reduce((product, extent) => product * extent, 1);
    const found = (await handle.stat()).size - offset;
    if (found !== count * type.bytes) {
      throw new InputError(path, `${found} bytes of data`, `${count * type.bytes} (shape [${shape.join(", ")}])`);
    }
    const values = await readValues(handle, offset, count, type, littleEndian);
    if (type.bytes === 8 && type !== ELEMENT_TYPES.f8) checkExact(path, values);
    return { shape, values: fortranOrder ? toRowMajor(values, shape) : values };
  } finally {
    await handle.close();
  }
}

/**
 * Write an NPY file, whole or not at all. Values are converted in pieces of a few MiB, so only they need to fit.
 *
 * @param path the file to make or replace
 * @param shape extents, slowest first; [] for a single number
 * @param values row-major, product-of-extents long
 * @param dtype "<f8" is lossless; "<f4" rounds to nearest
 * @throws Error when the number of values is not the product of the extents; OutputError when the system refuses
 */
export async function writeNpy(
  path: string,
  shape: readonly number[],
  values: ArrayLike<number>,
  dtype: FloatType,
): Promise<void> {
  await writeFileAtomically(path, async (write) => {
    for (const piece of npyPieces(shape, values, dtype)) await write(piece);
  });
}

/** The bytes of an NPY file, in order. A piece is valid until the next one is asked for. */
export function* npyPieces(
  shape: readonly number[],
  values: ArrayLike<number>,
  dtype: FloatType,
): Generator<Uint8Array> {
  const count = shape.reduce((product, extent) => product * extent, 1);
  if (values.length !== count) throw new Error(`${values.length} values do not fill shape [${shape.join(", ")}]`);
  const bytes = dtype === "<f4" ? 4 : 8;
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const dictionary = `{'descr': '${dtype}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const prefix = MAGIC.length + 4;
  const header = dictionary.padEnd(Math.ceil((prefix + dictionary.length + 1) / 64) * 64 - prefix - 1) + "\n";
  const start = Buffer.alloc(prefix);
  MAGIC.copy(start);
  start[6] = 1;
  start.writeUInt16LE(header.length, 8);
  yield Buffer.concat([start, Buffer.from(header, "latin1")]);
  const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, count * bytes));
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  for (let done = 0; done < count;) {
    const length = Math.min(chunk.length / bytes, count - done);
    if (bytes === 4) for (let k = 0; k < length; k++) view.setFloat32(4 * k, values[done + k], true);
    else for (let k = 0; k < length; k++) view.setFloat64(8 * k, values[done + k], true);
    yield chunk.subarray(0, length * bytes);
    done += length;
  }
}

async function readHeader(path: string, handle: FileHandle): Promise<{ header: string; offset: number }> {
  const start = await readBytes(handle, 0, 12);
  if (start.length < 10 || !start.subarray(0, 6).equals(MAGIC)) {
    throw new InputError(path, "a file that does not start with \\x93NUMPY", EXPECTED);
  }
  const version = start[6];
  if (version < 1 || version > 3) throw new InputError(path, `NPY version ${version}.${start[7]}`, "version 1, 2 or 3");
  const wide = version > 1;
  if (wide && start.length < 12) throw new InputError(path, "a truncated header", EXPECTED);
  const offset = wide ? 12 : 10;
  const length = wide ? start.readUInt32LE(8) : start.readUInt16LE(8);
  if (length > 1 << 20) throw new InputError(path, `a header of ${length} bytes`, EXPECTED);
  const bytes = await readBytes(handle, offset, length);
  if (bytes.length < length) throw new InputError(path, "a truncated header", EXPECTED);
  return { header: bytes.toString(version === 3 ? "utf8" : "latin1"), offset: offset + length };
}

/** The header is the text of a Python dictionary with exactly three keys. */
function parseHeader(path: string, header: string) {
  const descr = /'descr'\s*:\s*(?:'([^']*)'|([[(]))/.exec(header);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(header);
  const tuple = /'shape'\s*:\s*\(([\d\s,L]*)\)/.exec(header);
  if (!descr || !order || !tuple)
    throw new InputError(path, `header ${header.trim()}`, "descr, fortran_order and shape");
  const name = descr[1] ?? "a structured type";
  const type = /^[<>=|]/.test(name) ? ELEMENT_TYPES[name.slice(1)] : undefined;
  if (!type) {
    const known = Object.keys(ELEMENT_TYPES).join(", ");
    throw new InputError(path, `element type ${name}`, `one of ${known}`);
  }
  return {
    type,
    littleEndian: !name.startsWith(">"),
    fortranOrder: order[1] === "True",
    shape: (tuple[1].match(/\d+/g) ?? []).map(Number),
  };
}

async function readValues(
  handle: FileHandle,
  offset: number,
  count: number,
  type: ElementType,
  littleEndian: boolean,
): Promise<Float64Array> {
  const values = new Float64Array(count);
  const perChunk = CHUNK_BYTES / type.bytes;
  for (let done = 0; done < count; done += perChunk) {
    const length = Math.min(perChunk, count - done);
    const chunk = await readBytes(handle, offset + done * type.bytes, length * type.bytes);
    if (chunk.length < length * type.bytes) throw new Error("the file shrank while it was read");
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let k = 0; k < length; k++) values[done + k] = type.read(view, k * type.bytes, littleEndian);
  }
  return values;
}

/** Up to `length` bytes from `position`; fewer only at the end of the file. */
async function readBytes(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

function checkExact(path: string, values: Float64Array): void {
  const inexact = values.find((value) => !Number.isSafeInteger(value));
  if (inexact !== undefined) throw new InputError(path, `the integer ${inexact}`, "integers below 2^53");
}

/** Reorder values stored with the first axis fastest. */
function toRowMajor(values: Float64Array, shape: readonly number[]): Float64Array {
  const result = new Float64Array(values.length);
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, extent) => product * extent, 1));
  const index = new Array<number>(shape.length).fill(0);
  let source = 0;
  for (let target = 0; target < result.length; target++) {
    result[target] = values[source];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      source += strides[axis];
      if (++index[axis] < shape[axis]) break;
      source -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return result;
}

/** IEEE 754 binary16. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
