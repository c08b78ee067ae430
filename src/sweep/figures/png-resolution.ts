/** The physical size of a PNG. */
import { crc32 } from "node:zlib";

const SIGNATURE_LENGTH = 8;

/**
 * Insert the chunk `pHYs`, which tells programs how large to print the picture.
 *
 * @param png a PNG file without that chunk
 * @param dotsPerInch resolution in both directions
 */
export function withResolution(png: Buffer, dotsPerInch: number): Buffer {
  const chunk = Buffer.alloc(21);
  chunk.writeUInt32BE(9, 0);
  chunk.write("pHYs", 4, "latin1");
  const dotsPerMetre = Math.round(dotsPerInch / 0.0254);
  chunk.writeUInt32BE(dotsPerMetre, 8);
  chunk.writeUInt32BE(dotsPerMetre, 12);
  chunk[16] = 1; // the unit is the metre
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 17)), 17);
  // The header chunk comes first: 4 bytes length, 4 type, the data, 4 checksum.
  const afterHeader = SIGNATURE_LENGTH + 12 + png.readUInt32BE(SIGNATURE_LENGTH);
  return Buffer.concat([png.subarray(0, afterHeader), chunk, png.subarray(afterHeader)]);
}
