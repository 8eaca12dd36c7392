import { join } from "node:path";
import test from "ava";
import { SetupFailure } from "../../setup/failure";
import { findCMake, findCompiler, findMaker, requireToolchain } from "../../setup/toolchain";
import { temporaryFolder, writeProgram } from "./support";

test("all that is missing is named at once, with the commands that install it", (t) => {
  const env = { PATH: temporaryFolder(t) };
  const error = t.throws(() => requireToolchain(env), { instanceOf: SetupFailure });
  t.is(
    error.message,
    "No C++ compiler found.\nCMake is not installed.\nNeither Ninja nor Make is installed.",
  );
  const remedy = (error as SetupFailure).remedy ?? "";
  for (const command of ["apt-get install g++ cmake", "dnf install", "pacman -S", "brew install"]) {
    t.true(remedy.includes(command), command);
  }
});

test("a compiler that is too old is told apart from none", (t) => {
  const folder = temporaryFolder(t);
  const script = `[ "$1" = --version ] && echo "g++ (GCC) 7.5.0" && exit 0
echo "g++: error: unrecognized command line option '-std=c++20'" >&2; exit 1`;
  writeProgram(folder, "g++", script);
  const { problem, version } = findCompiler({ PATH: folder });
  t.is(version, null);
  t.is(
    problem,
    "g++ (g++ (GCC) 7.5.0) cannot compile C++20: g++: error: unrecognized command line option '-std=c++20'",
  );
});

test("the first compiler that works is taken, and CXX rules", (t) => {
  const folder = temporaryFolder(t);
  writeProgram(folder, "c++", "exit 1");
  writeProgram(folder, "clang++", 'echo "clang version 20"');
  t.deepEqual(findCompiler({ PATH: folder }), {
    command: "clang++",
    version: "clang version 20",
    problem: null,
  });
  writeProgram(folder, "launcher", '[ "$1" = mine ] && echo "mine 1.0"');
  const mine = `${join(folder, "launcher")} mine`;
  t.like(findCompiler({ PATH: folder, CXX: mine }), { command: mine, version: "mine 1.0" });
  const none = findCompiler({ PATH: folder, CXX: "none++" });
  t.is(none.problem, "No C++ compiler found at CXX=none++.");
});

test("CMake's version is read and judged", (t) => {
  const folder = temporaryFolder(t);
  const env = { PATH: folder };
  writeProgram(folder, "cmake", "echo cmake version 3.16.3");
  t.like(findCMake(env), {
    version: "3.16.3",
    problem: "CMake 3.16.3 is too old: 3.18 or newer is needed.",
  });
  writeProgram(folder, "cmake", "echo cmake version 4.1.0-rc2");
  t.like(findCMake(env), { command: "cmake", version: "4.1.0", problem: null });
});

test("Ninja comes before Make", (t) => {
  const folder = temporaryFolder(t);
  const env = { PATH: folder };
  writeProgram(folder, "make", "echo GNU Make 4.3");
  t.like(findMaker(env), { command: "make", version: "4.3.0", problem: null });
  writeProgram(folder, "ninja", "echo 1.11.1");
  t.like(findMaker(env), { command: "ninja", version: "1.11.1" });
  writeProgram(folder, "ninja", "exit 1");
  t.is(findMaker(env).command, "make");
});
