import test from "ava";
import { archiveUrl, selectLibTorch } from "../../../setup/libtorch/archive";

test("each system has its archive, or none", (t) => {
  const name = (flavour: string, platform: NodeJS.Platform, arch: string) =>
    archiveUrl("2.13.0", flavour, platform, arch)?.split("/libtorch/")[1] ?? null;
  t.is(name("cpu", "linux", "x64"), "cpu/libtorch-shared-with-deps-2.13.0%2Bcpu.zip");
  t.is(name("cuda", "linux", "x64"), "cu130/libtorch-shared-with-deps-2.13.0%2Bcu130.zip");
  t.is(name("cpu", "darwin", "arm64"), "cpu/libtorch-macos-arm64-2.13.0.zip");
  t.is(name("cpu", "linux", "arm64"), null);
  t.is(name("cpu", "darwin", "x64"), null);
});

test("only libraries, headers and the version are taken", (t) => {
  const select = (name: string) => selectLibTorch(name, "libtorch/");
  t.is(select("libtorch/lib/libc10.so"), "torch/lib/libc10.so");
  t.is(select("libtorch/include/ATen/ATen.h"), "torch/include/ATen/ATen.h");
  t.is(select("libtorch/build-version"), "torch/build-version");
  t.is(select("libtorch/share/cmake/Torch/TorchConfig.cmake"), null);
  t.is(select("libtorch/libexec/x"), null);
  t.is(select("other/lib/libc10.so"), null);
});
