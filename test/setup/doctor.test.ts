import { spawnSync } from "node:child_process";
import { join } from "node:path";
import test from "ava";
import { render } from "../../setup/doctor";
import { root } from "../../setup/paths";
import { temporaryFolder } from "./support";

type Report = Parameters<typeof render>[0];

const good: Report = {
  ok: true,
  versions: {
    adaptune: "0.1.0",
    node: "22.1.0",
    npm: "11.0.0",
    compiler: "g++ 14",
    cmake: "4.0.0",
    libtorch: "2.13.0",
  },
  libtorch: {
    path: "/cache/torch",
    version: "2.13.0",
    flavour: "cuda",
    source: "cache",
    reason: "adaptune's cache",
  },
  addon: {
    path: "/build/adaptune.node",
    loads: true,
    problem: null,
    torch: "2.13.0",
    threads: 8,
    cuda: { available: true, devices: 1, kernels: true },
  },
  cpu: { model: "EPYC", cores: 8, threads: 1, capabilities: ["AVX2", "FMA"], memoryBytes: 64e9 },
  cuda: {
    driver: "580.1",
    devices: [{ index: 0, name: "H200", memoryBytes: 150e9, computeCapability: "9.0" }],
    used: true,
    reason: null,
  },
  problems: [],
};

test("a machine in order is one table", (t) => {
  t.is(
    render(good),
    `adaptune       0.1.0
Node.js        22.1.0
npm            11.0.0
C++ compiler   g++ 14
CMake          4.0.0
LibTorch       2.13.0, CUDA
               /cache/torch (adaptune's cache)
addon          /build/adaptune.node, loads
processor      EPYC, 8 cores, 1 thread
               AVX2, FMA
threads        8 used by LibTorch
memory         64.0 GB
NVIDIA driver  580.1
GPU 0          H200, 150.0 GB, compute 9.0
CUDA           used

Everything is in order.
`,
  );
});

test("problems come with their remedies", (t) => {
  const problems = [
    { needed: true, problem: "The addon is not built.", remedy: "Run: npx adaptune build" },
    { needed: false, problem: "There is a GPU.", remedy: "first\nsecond" },
  ];
  const addon = { ...good.addon, path: null, threads: null };
  const cuda = { ...good.cuda, used: false, reason: "there is no NVIDIA driver" };
  const text = render({ ...good, ok: false, libtorch: null, addon, cuda, problems });
  t.true(text.includes("LibTorch       not found\naddon          not found\n"));
  t.true(text.includes("CUDA           not used: there is no NVIDIA driver\n"));
  t.false(text.includes("threads  "));
  t.true(
    text.endsWith(`
PROBLEM  The addon is not built.
         Run: npx adaptune build
note     There is a GPU.
         first
         second
`),
  );
});

test("the command reports on a machine without any tool", (t) => {
  const folder = temporaryFolder(t);
  const env = { PATH: folder, HOME: folder, XDG_CACHE_HOME: folder };
  const args = [join(root, "bin/adaptune.js"), "doctor", "--json"];
  const { stdout, status } = spawnSync(process.execPath, args, { env, encoding: "utf8" });
  const report: Report = JSON.parse(stdout);
  t.is(status, report.ok ? 0 : 1);
  t.is(report.versions.node, process.versions.node);
  t.like(report.versions, { npm: null, compiler: null, cmake: null });
  t.true(report.cpu.threads >= 1);
  const missing = report.problems.find(({ problem }) => /No C\+\+ compiler found/.test(problem));
  t.regex(missing?.remedy ?? "", /apt-get install g\+\+/);
});
