import { scope } from "../../memory";
import { native } from "../../native";
import type { Tensor } from "../../tensor";
import { writeAll } from "../atomic";
import { itemSize } from "../dtypes";
import { checksum, plain } from "../plain";
import { writeZip } from "../zip-writer";
import { toDescriptor } from "./dtypes";
import { npyHeader } from "./header";

/** Writes an array to an empty file, in version 1.0. Throws TypeError for a dtype numpy lacks. */
export function writeNpy(descriptor: number, tensor: Tensor): void {
  const header = npyHeader(toDescriptor(tensor.dtype), tensor.shape);
  writeAll(descriptor, header);
  native.writeTensor(descriptor, tensor);
}

/** Writes arrays by name to an empty file, not compressed, as numpy.savez does. */
export function writeNpz(descriptor: number, tensors: Readonly<Record<string, Tensor>>): void {
  const contents = Object.entries(tensors).map(([name, tensor]) => {
    const header = npyHeader(toDescriptor(tensor.dtype), tensor.shape);
    const bytes = header.length + tensor.numel() * itemSize(tensor.dtype);
    const write = () => scope(() => writeArray(descriptor, header, tensor));
    return { name: `${name}.npy`, bytes, write };
  });
  writeZip(descriptor, contents);
}

/** Gives the CRC-32 of header and elements. */
function writeArray(descriptor: number, header: Buffer, tensor: Tensor): number {
  const elements = plain(tensor);
  writeAll(descriptor, header);
  native.writeTensor(descriptor, elements);
  return native.crc32(elements, checksum(header));
}
