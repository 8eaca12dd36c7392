import { native } from "../native";
import { Tensor } from "../tensor";

/** The elements as files have them: on the CPU, in row-major order, nothing lazy about them. */
export function plain(tensor: Tensor): Tensor {
  return tensor.detach().resolveConj().resolveNeg().cpu().contiguous();
}

/** CRC-32 of bytes that follow others with the CRC-32 `before`. */
export function checksum(bytes: Uint8Array, before = 0): number {
  const tensor = new Tensor(native.fromTypedArray(bytes, [bytes.length], "uint8", "cpu", false));
  const crc = native.crc32(tensor, before);
  tensor.dispose();
  return crc;
}
