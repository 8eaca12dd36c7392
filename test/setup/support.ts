import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ExecutionContext } from "ava";
import { library } from "../../setup/libtorch/inspect";

/** A folder of the test's own, removed when the test ends. */
export function temporaryFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), "adaptune-setup-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files, given by their paths below a folder. */
export function writeFiles(folder: string, files: Record<string, string | Buffer>): string {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** The files by which a folder is taken for a LibTorch. */
export function libtorchFiles(version: string, flavour = "cpu", top = ""): Record<string, string> {
  const [major, minor, patch] = version.split(".");
  const header = `#define TORCH_VERSION_MAJOR ${major}\n#define TORCH_VERSION_MINOR ${minor}\n#define TORCH_VERSION_PATCH ${patch}\n`;
  const files = {
    "include/ATen/ATen.h": "#pragma once\n",
    "include/torch/headeronly/version.h": header,
    [`lib/${library("torch_cpu")}`]: "cpu",
    [`lib/${library("c10")}`]: "c10",
    ...(flavour === "cuda" ? { [`lib/${library("torch_cuda")}`]: "cuda" } : {}),
  };
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [top + name, text]));
}

/** A program of a test's own in a folder, to be put on the PATH. */
export function writeProgram(folder: string, name: string, script: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

/** A loopback server that ends with the test; resolves to its address. */
export async function serve(t: ExecutionContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** What a program prints while `body` runs, instead of printing it. Not for concurrent tests. */
export async function captured<T>(body: () => Promise<T>): Promise<{ result: T; text: string }> {
  const write = process.stdout.write;
  let text = "";
  process.stdout.write = ((chunk: string | Uint8Array) => {
    text += chunk.toString();
    return true;
  }) as typeof process.stdout.write;
  try {
    return { result: await body(), text };
  } finally {
    process.stdout.write = write;
  }
}
