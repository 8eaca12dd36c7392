import { TorchError } from "../../errors";
import { scope } from "../../memory";
import type { Tensor } from "../../tensor";
import { reasonOf, withFile } from "../read";
import { isZip, readArchive } from "./archive";
import type { Content } from "./content";
import { readLegacy } from "./legacy";
import { materializer } from "./materialize";
import { namedRecords, recordsIn, toObject } from "./object";
import type { Saved } from "./saved";

export { isZip } from "./archive";
export { isPickle } from "./legacy";
export type { Saved } from "./saved";
export { writePyTorch } from "./write";

/** The tensors by name; what is no tensor is left out. `start`: the file's first bytes. */
export function loadTensors(file: string, start: Buffer): Record<string, Tensor> {
  return read(file, start, (content) => {
    const records = namedRecords(content.value);
    const make = materializer(file, records.values(), content);
    return Object.fromEntries([...records].map(([name, record]) => [name, make(record)]));
  });
}

/** All that was saved. */
export function loadSaved(file: string, start: Buffer): Saved {
  return read(file, start, (content) =>
    toObject(content.value, materializer(file, recordsIn(content.value), content)),
  );
}

function read<T>(file: string, start: Buffer, use: (content: Content) => T): T {
  return withFile(file, (descriptor, size) => {
    try {
      const content = isZip(start) ? readArchive(descriptor, size) : readLegacy(descriptor, size);
      return scope(() => use(content));
    } catch (error) {
      const reason = reasonOf(error);
      throw new TorchError(`load: ${file} is no readable PyTorch file: ${reason}.`, {
        cause: error,
      });
    }
  });
}
