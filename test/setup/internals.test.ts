import test from "ava";
import { declaration, differences, readInternals } from "../../setup/internals";
import { findLibTorch } from "../../setup/libtorch/find";
import { temporaryFolder, writeFiles } from "./support";

const header = `#pragma once
// Variable wrap(int comment);
namespace torch {
TORCH_API std::vector<Variable> wrap(
    const variable_list& inputs, /* all */
    bool pure);
class Engine {
 public:
  virtual void stop() { wrap(1); }
 protected:
  std::unique_ptr<Library> library_;
};
inline Variable use() { return wrap({}, true)[0]; }
}
`;

test("how a header declares a name is read without layout, comments and calls", (t) => {
  const folder = writeFiles(temporaryFolder(t), { "include/a.h": header });
  const all = (name: string) => declaration(folder, "a.h", name);
  t.is(
    all("wrap"),
    "TORCH_API std::vector<Variable> wrap( const variable_list& inputs, bool pure)",
  );
  t.is(all("stop"), "virtual void stop()");
  t.is(all("library_"), "std::unique_ptr<Library> library_");
  t.is(all("gone"), "none");
  t.is(declaration(folder, "missing.h", "wrap"), "none");
});

test("a declaration that no known version has is told", (t) => {
  const folder = writeFiles(temporaryFolder(t), { "include/a.h": header });
  const known: ReturnType<typeof readInternals> = [
    { header: "a.h", name: "stop", declarations: { "virtual void stop()": "2.13.0" } },
    { header: "a.h", name: "wrap", declarations: { none: "2.13.0" } },
  ];
  const lines = differences(known, { path: folder, version: "2.15.0" });
  t.is(lines.length, 1);
  t.regex(lines[0], /^LibTorch 2\.15\.0 declares wrap \(a\.h\) in a new way: TORCH_API std/);
});

test("the LibTorch that is used declares what the list says", (t) => {
  const { choice } = findLibTorch();
  t.truthy(choice);
  t.deepEqual(differences(readInternals(), choice!), []);
});
