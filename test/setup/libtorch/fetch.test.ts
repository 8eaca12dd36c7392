import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { SetupFailure } from "../../../setup/failure";
import { fetchLibTorch } from "../../../setup/libtorch/fetch";
import { findLibTorch } from "../../../setup/libtorch/find";
import { makeZip } from "../make-zip";
import {
  captured,
  libtorchFiles,
  serve,
  temporaryFolder,
  writeFiles,
  writeProgram,
} from "../support";

const zipOf = (files: Record<string, string>) =>
  makeZip(Object.entries(files).map(([name, data]) => ({ name, data })));
const archive = zipOf({ ...libtorchFiles("2.13.0", "cpu", "libtorch/"), "libtorch/share/x": "x" });
const wheel = zipOf({ ...libtorchFiles("2.13.0", "cpu", "torch/"), "torch/nn/x.py": "x" });

interface Options {
  /** What the archive's server sends; null when there is none for this system. */
  archive?: Buffer | null;
  /** The wheels that pip finds, by name, and what it does for the first and any later time. */
  wheels?: Record<string, Buffer>;
  pip?: string;
  env?: NodeJS.ProcessEnv;
}

/** A machine with an empty cache, a server on loopback and a pip that copies files. */
async function machine(t: ExecutionContext, { archive = null, wheels, pip, env }: Options) {
  const folder = temporaryFolder(t);
  const address = await serve(t, (_, response) => {
    if (!archive) return response.writeHead(404).end();
    response.writeHead(200, { "content-length": archive.length }).end(archive);
  });
  writeFiles(join(folder, "wheels"), wheels ?? {});
  const offers = Object.keys(wheels ?? {}).length > 0;
  const copy = `echo "$*" >> ${folder}/asked
while [ $# -gt 0 ]; do [ "$1" = --dest ] && dest=$2; shift; done
${pip ?? (offers ? `cp ${folder}/wheels/* "$dest"` : "echo ERROR: none; exit 1")}`;
  const script = `case "$*" in "-m pip --version") exit 0;; "-c "*) exit 0;; esac\n${copy}`;
  writeProgram(join(folder, "bin"), "python3", script);
  const paths = { HOME: folder, XDG_CACHE_HOME: join(folder, "cache") };
  const PATH = `${join(folder, "bin")}:/usr/bin:/bin`;
  const cache = join(folder, "cache/adaptune/libtorch");
  const all = { PATH, ...paths, ADAPTUNE_DEVICE: "cpu", ...env };
  const fetch = () =>
    captured(() => fetchLibTorch(all, () => (archive ? `${address}/libtorch.zip` : null)));
  const asked = () => readFileSync(join(folder, "asked"), "utf8").trim().split("\n");
  return { cache, env: all, fetch, asked };
}

const torchWheel = { "torch-2.13.0-cp311-cp311-linux.whl": wheel };

test.serial("the official archive is fetched into the cache and found there", async (t) => {
  const { cache, env, fetch } = await machine(t, { archive, wheels: torchWheel });
  const { result, text } = await fetch();
  const path = join(cache, "2.13.0-cpu", "torch");
  t.like(result, { version: "2.13.0", flavour: "cpu", source: "fetched", path });
  t.is(result.reason, "the official LibTorch archive");
  t.regex(text, /^Fetching LibTorch 2\.13\.0, CPU \(ADAPTUNE_DEVICE=cpu\)\n {2}libtorch\.zip: /);
  t.deepEqual(readdirSync(path).sort(), ["include", "lib"]);
  t.deepEqual(readdirSync(cache).sort(), ["2.13.0-cpu", "downloads"]);
  t.deepEqual(readdirSync(join(cache, "downloads")), []);
  t.like(findLibTorch({ ...env, PATH: "" }).choice, { source: "cache", path });
});

test.serial("without an archive there is pip's wheel", async (t) => {
  const { cache, fetch, asked } = await machine(t, { wheels: torchWheel });
  const { result } = await fetch();
  t.like(result, { flavour: "cpu", source: "fetched", reason: "pip's torch wheel" });
  t.deepEqual(readdirSync(join(cache, "2.13.0-cpu")), ["torch"]);
  t.deepEqual(readdirSync(result.path).sort(), ["include", "lib"]);
  t.is(asked().length, 1);
  t.regex(asked()[0], /download torch==2\.13\.0 --no-deps .* --retries 0 /);
});

test.serial("a truncated or damaged archive is left, for pip, without a trace", async (t) => {
  const damaged = Buffer.from(archive);
  damaged[archive.indexOf("ATen.h") + 10] ^= 0xff;
  for (const broken of [archive.subarray(0, archive.length - 30), damaged]) {
    const { cache, fetch } = await machine(t, { archive: broken, wheels: torchWheel });
    const { result, text } = await fetch();
    t.is(result.reason, "pip's torch wheel");
    t.regex(text, /The archive cannot be unpacked: .*Trying pip\.\n/);
    t.deepEqual(readdirSync(join(cache, "downloads")), []);
  }
});

test.serial(
  "when all fails, each attempt and what helps is named, and nothing is left",
  async (t) => {
    const { cache, fetch } = await machine(t, {
      archive: Buffer.from("not found, says the proxy"),
    });
    const error = await t.throwsAsync(fetch, { instanceOf: SetupFailure });
    t.is(
      error.message,
      "LibTorch 2.13.0 could not be fetched:\n" +
        "  official archive: The archive cannot be unpacked: it has no directory (not a zip file, or truncated).\n" +
        "  pip: none",
    );
    t.regex(error.remedy ?? "", /pip install torch==2\.13\.0.*set LIBTORCH/s);
    t.deepEqual(readdirSync(cache), ["downloads"]);
  },
);

test.serial("a damaged wheel is not taken", async (t) => {
  const wheels = { "torch-2.13.0-cp311-cp311-linux.whl": wheel.subarray(0, 300) };
  const { cache, fetch } = await machine(t, { wheels });
  await t.throwsAsync(fetch, { message: /pip: The archive cannot be unpacked/ });
  t.deepEqual(readdirSync(cache), []);
});

test.serial("a wheel without what a build needs is not taken", async (t) => {
  const files = libtorchFiles("2.13.0", "cpu", "torch/");
  delete files["torch/include/ATen/ATen.h"];
  const { cache, fetch } = await machine(t, { wheels: { "torch-2.13.0.whl": zipOf(files) } });
  await t.throwsAsync(fetch, { message: /of no use: .* has no include\/ATen\/ATen\.h\.$/ });
  t.deepEqual(readdirSync(cache), []);
});

test.serial("the wheel of another CPython will do", async (t) => {
  const platform = process.platform === "darwin" ? "macosx_14_0" : "manylinux_2_28";
  const tag = `${platform}_${process.arch === "arm64" ? (process.platform === "darwin" ? "arm64" : "aarch64") : "x86_64"}`;
  const name = `torch-2.13.0+cpu-cp399-cp399-${tag}.whl`;
  const pip = `case "$(tail -n 1 "$(dirname "$0")/../asked")" in
*"--python-version 3.99"*) cp "$(dirname "$0")"/../wheels/* "$dest";;
*) echo "Skipping link: none of the wheel's tags are compatible: file:///wheels/${name}"; exit 1;;
esac`;
  const { fetch, asked } = await machine(t, { wheels: { [name]: wheel }, pip });
  t.is((await fetch()).result.reason, "pip's torch wheel");
  t.is(asked().length, 2);
  t.true(asked()[1].includes(`--implementation cp --abi cp399 --platform ${tag}`));
});

test.serial("a CUDA wheel comes with NVIDIA's libraries beside it", async (t) => {
  const metadata = 'Requires-Dist: nvidia-cublas==13.1 ; platform_system == "Linux"\n';
  const wheels = {
    "torch-2.13.0-cp311-cp311-linux.whl": zipOf({
      ...libtorchFiles("2.13.0", "cuda", "torch/"),
      "torch/lib/libtorch_cuda.so": "cuda",
      "torch-2.13.0.dist-info/METADATA": metadata,
    }),
    "nvidia_cublas-13.1.whl": zipOf({
      "nvidia/cu13/lib/libcublas.so": "x",
      "nvidia/cu13/bin/y": "y",
    }),
  };
  const { cache, fetch, asked } = await machine(t, { wheels });
  const { result } = await fetch();
  t.like(result, { flavour: "cuda", path: join(cache, "2.13.0-cuda", "torch") });
  t.deepEqual(readdirSync(join(cache, "2.13.0-cuda", "nvidia"), { recursive: true }).sort(), [
    "cu13",
    "cu13/lib",
    "cu13/lib/libcublas.so",
  ]);
  t.regex(asked()[1], /download nvidia-cublas==13\.1 /);
});

test.serial("a CPU wheel is refused where CUDA is required", async (t) => {
  const env = { ADAPTUNE_DEVICE: "cuda" };
  const { cache, fetch } = await machine(t, { wheels: torchWheel, env });
  const message = /pip: pip's torch 2\.13\.0 is built without CUDA, and ADAPTUNE_DEVICE=cuda/;
  await t.throwsAsync(fetch, { message });
  t.deepEqual(readdirSync(cache), []);
});

test.serial("pip's download shows how far it is", async (t) => {
  const pip = `mkdir "$TMPDIR/pip-unpack"
echo "  Downloading torch-2.13.0.whl (4.0 kB)"
head -c 1000 /dev/zero > "$TMPDIR/pip-unpack/torch-2.13.0.whl"; sleep 1
cp "$(dirname "$0")"/../wheels/* "$dest"`;
  const { fetch } = await machine(t, { wheels: torchWheel, pip });
  const { text } = await fetch();
  t.regex(text, /torch-2\.13\.0\.whl: downloaded, 1\.\d s/);
});

test.serial("what a killed set-up left is removed, what another one unpacks is not", async (t) => {
  const { cache, fetch } = await machine(t, { wheels: torchWheel });
  const dead = join(cache, ".unpacking.999999999.abc");
  const alive = join(cache, `.unpacking.${process.pid}.abc`);
  for (const folder of [dead, alive]) mkdirSync(folder, { recursive: true });
  await fetch();
  t.false(existsSync(dead));
  t.true(existsSync(alive));
});

test.serial(
  "a broken folder in the cache is replaced, a good one of another set-up kept",
  async (t) => {
    const { cache, fetch } = await machine(t, { wheels: torchWheel });
    const place = join(cache, "2.13.0-cpu/torch");
    mkdirSync(place, { recursive: true });
    t.is((await fetch()).result.path, place);
    writeFileSync(join(place, "mark"), "");
    await fetch();
    t.true(existsSync(join(place, "mark")));
  },
);
