import test from "ava";
import { nvidiaRequirements, tagsPassedOver, whyNot } from "../../../setup/libtorch/wheel";

const passedOver = (name: string) =>
  `Skipping link: none of the wheel's tags are compatible: https://mirror.example/whl/${name}\n`;

test("a wheel of another CPython is asked for by its own tags", (t) => {
  const output =
    passedOver("torch-2.12.0-cp312-cp312-manylinux_2_28_x86_64.whl") +
    passedOver("torch-2.13.0-cp312-cp312-win_amd64.whl") +
    passedOver("torch-2.13.0-cp312-cp312-manylinux_2_28_aarch64.whl") +
    passedOver("torch-2.13.0%2Bcpu-cp313-cp313t-manylinux_2_17_x86_64.manylinux2014_x86_64.whl");
  t.is(
    tagsPassedOver(output, "2.13.0", "linux", "x64")?.join(" "),
    "--python-version 3.13 --implementation cp --abi cp313t --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64",
  );
  t.is(
    tagsPassedOver(output, "2.13.0", "linux", "arm64")?.join(" "),
    "--python-version 3.12 --implementation cp --abi cp312 --platform manylinux_2_28_aarch64",
  );
  t.is(tagsPassedOver(output, "2.13.0", "darwin", "arm64"), null);
  t.is(tagsPassedOver(output, "2.1", "linux", "x64"), null);
});

test("a macOS wheel is found by its tags too", (t) => {
  const output = passedOver("torch-2.13.0-cp311-none-macosx_11_0_arm64.whl");
  t.is(
    tagsPassedOver(output, "2.13.0", "darwin", "arm64")?.join(" "),
    "--python-version 3.11 --implementation cp --abi none --platform macosx_11_0_arm64",
  );
});

test("NVIDIA's libraries are read off the wheel's requirements", (t) => {
  const metadata = [
    "Requires-Dist: filelock",
    'Requires-Dist: cuda-toolkit[cublas,cudart]==13.0.2; platform_system == "Linux"',
    'Requires-Dist: nvidia-cudnn-cu13==9.20.0.48 ; platform_system == "Linux"',
    "Requires-Dist: triton==3.7.0",
  ].join("\r\n");
  t.deepEqual(nvidiaRequirements(metadata), [
    "cuda-toolkit[cublas,cudart]==13.0.2",
    "nvidia-cudnn-cu13==9.20.0.48",
  ]);
  t.deepEqual(nvidiaRequirements("Name: torch"), []);
});

test("pip's error names the sources that were not reached", (t) => {
  const output = [
    "Could not fetch URL https://one.example/torch/: connection error: no route - skipping",
    "Could not fetch URL https://two.example/torch/: 404 Client Error: Not Found - skipping",
    "ERROR: Could not find a version that satisfies the requirement torch==2.13.0",
    "ERROR: No matching distribution found for torch==2.13.0",
  ].join("\n");
  const error = "No matching distribution found for torch==2.13.0";
  t.is(whyNot(output), `${error} (not reached: https://one.example/torch/)`);
  t.is(whyNot("Traceback"), "pip failed without a word");
});
