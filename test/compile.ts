import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { findLibTorch } from "../setup/libtorch/find";
import { root } from "../setup/paths";
import { run } from "../setup/process";
import { hashFiles, isFresh, writeStamp } from "../setup/stamp";
import { findCompiler } from "../setup/toolchain";

/** C++ that tests need, with LibTorch's headers and c10. */
export interface Compiled {
  /** Of the folder in build/, and of the file in it. */
  readonly name: string;
  readonly sources: readonly string[];
  /** Folders of what else it is made of, from the repository's root. */
  readonly inputs: readonly string[];
  readonly flags: readonly string[];
  /** Libraries of LibTorch's beside c10. */
  readonly libraries?: readonly string[];
}

/** Where the compiled file is; compiles it unless that is done for these sources and this LibTorch. */
export function compile({ name, sources, inputs, flags, libraries = [] }: Compiled): string {
  const folder = join(root, "build", name);
  const [stamp, made] = [join(folder, "stamp.json"), join(folder, name)];
  const libtorch = findLibTorch().choice!;
  const compiler = findCompiler();
  const from = {
    sources: hashFiles(root, [...inputs]),
    libtorch: `${libtorch.path} ${libtorch.version}`,
    compiler,
    flags,
  };
  if (isFresh(stamp, from)) return made;
  mkdirSync(folder, { recursive: true });
  const [command, ...own] = compiler.command!.trim().split(/\s+/);
  const includes = ["-I", join(root, "native"), "-isystem", join(libtorch.path, "include")];
  const library = join(libtorch.path, "lib");
  const links = ["c10", ...libraries].map((one) => `-l${one}`);
  // Another process may be at the same: what is there is whole.
  const partial = `${made}.${process.pid}`;
  const args = [
    ...[...own, "-std=c++20", "-O1", "-w", ...flags, ...includes, "-x", "c++", ...sources],
    ...["-x", "none", "-L", library, ...links, `-Wl,-rpath,${library}`, "-o", partial],
  ];
  const compiled = run(command, args, { timeout: 240_000 });
  if (compiled.code !== 0) throw new Error(`${name} does not compile:\n${compiled.stderr}`);
  renameSync(partial, made);
  writeStamp(stamp, from);
  return made;
}
