import type { Machine } from "./unpickler";

// Pickle opcodes that write what tensors' files hold, up to protocol 5 (Lib/pickletools.py).

export const operations = new Map<number, (machine: Machine) => void>([
  [0x80, (m) => checkProtocol(m.take(1)[0])],
  [0x95, (m) => void m.take(8)], // FRAME
  [0x28, (m) => m.pushMark()],
  [0x30, (m) => void m.pop()],
  [0x31, (m) => void m.popToMark()],
  [0x32, (m) => m.push(m.top())],
  [0x4e, (m) => m.push(null)],
  [0x88, (m) => m.push(true)],
  [0x89, (m) => m.push(false)],
  // Numbers.
  [0x4b, (m) => m.push(m.take(1)[0])],
  [0x4d, (m) => m.push(m.take(2).readUInt16LE())],
  [0x4a, (m) => m.push(m.take(4).readInt32LE())],
  [0x47, (m) => m.push(m.take(8).readDoubleBE())],
  [0x8a, (m) => m.push(toInteger(m.take(m.take(1)[0])))],
  [0x8b, (m) => m.push(toInteger(m.take(m.take(4).readInt32LE())))],
  [0x49, (m) => m.push(parseInteger(m.line()))],
  [0x4c, (m) => m.push(parseInteger(m.line().replace(/L$/, "")))],
  [0x46, (m) => m.push(Number(m.line()))],
  // Texts and bytes.
  [0x58, (m) => m.push(m.take(m.take(4).readUInt32LE()).toString("utf8"))],
  [0x8c, (m) => m.push(m.take(m.take(1)[0]).toString("utf8"))],
  [0x8d, (m) => m.push(m.take(toLength(m.take(8))).toString("utf8"))],
  [0x56, (m) => m.push(m.line())],
  [0x55, (m) => m.push(m.take(m.take(1)[0]).toString("latin1"))],
  [0x54, (m) => m.push(m.take(m.take(4).readUInt32LE()).toString("latin1"))],
  [0x53, (m) => m.push(m.line().replace(/^(['"])(.*)\1$/, "$2"))],
  [0x43, (m) => m.push(Buffer.from(m.take(m.take(1)[0])))],
  [0x42, (m) => m.push(Buffer.from(m.take(m.take(4).readUInt32LE())))],
  [0x8e, (m) => m.push(Buffer.from(m.take(toLength(m.take(8)))))],
  [0x96, (m) => m.push(Buffer.from(m.take(toLength(m.take(8)))))],
  // Containers. Tuples and lists are arrays.
  [0x5d, (m) => m.push([])],
  [0x6c, (m) => m.push(m.popToMark())],
  [0x61, (m) => appendOne(m)],
  [0x65, (m) => m.append(m.popToMark())],
  [0x29, (m) => m.push([])],
  [0x74, (m) => m.push(m.popToMark())],
  [0x85, (m) => pushTuple(m, 1)],
  [0x86, (m) => pushTuple(m, 2)],
  [0x87, (m) => pushTuple(m, 3)],
  [0x7d, (m) => m.push(new Map())],
  [0x64, (m) => pushDict(m)],
  [0x73, (m) => setOne(m)],
  [0x75, (m) => m.setItems(m.popToMark())],
  [0x8f, (m) => m.push(new Set())],
  [0x90, (m) => m.addItems(m.popToMark())],
  [0x91, (m) => m.push(new Set(m.popToMark()))],
  // The memo.
  [0x71, (m) => m.remember(m.take(1)[0])],
  [0x72, (m) => m.remember(m.take(4).readUInt32LE())],
  [0x70, (m) => m.remember(parseInteger(m.line()))],
  [0x94, (m) => m.memoize()],
  [0x68, (m) => m.recall(m.take(1)[0])],
  [0x6a, (m) => m.recall(m.take(4).readUInt32LE())],
  [0x67, (m) => m.recall(parseInteger(m.line()))],
  // Names, calls and objects from elsewhere.
  [0x63, (m) => m.global(m.line(), m.line())],
  [0x93, (m) => stackGlobal(m)],
  [0x52, (m) => m.reduce()],
  [0x81, (m) => m.reduce()],
  [0x62, (m) => m.build()],
  [0x51, (m) => m.persistent()],
]);

function checkProtocol(version: number): void {
  if (version > 5) throw new Error(`pickle protocol ${version} is not known`);
}

function pushTuple(m: Machine, size: number): void {
  const values = Array.from({ length: size }, () => m.pop());
  m.push(values.reverse());
}

function pushDict(m: Machine): void {
  const pairs = m.popToMark();
  m.push(new Map());
  m.setItems(pairs);
}

function setOne(m: Machine): void {
  const value = m.pop();
  const key = m.pop();
  m.setItems([key, value]);
}

function appendOne(m: Machine): void {
  const value = m.pop();
  m.append([value]);
}

function stackGlobal(m: Machine): void {
  const name = m.pop();
  m.global(m.pop(), name);
}

/** Integers beyond this are no numbers of a checkpoint; reading them takes time with the square. */
const maximalDigits = 1024;

/** Little-endian two's complement. */
function toInteger(bytes: Buffer): number | bigint {
  if (bytes.length > maximalDigits) throw new Error("the pickle has an integer of too many digits");
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]);
  return narrow(BigInt.asIntN(bytes.length * 8, value));
}

function toLength(bytes: Buffer): number {
  return Number(bytes.readBigUInt64LE());
}

function parseInteger(text: string): number | bigint | boolean {
  if (text === "01") return true;
  if (text === "00") return false;
  if (text.length > maximalDigits || !/^-?\d+$/.test(text)) {
    throw new Error("the pickle has a damaged number");
  }
  return narrow(BigInt(text));
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
