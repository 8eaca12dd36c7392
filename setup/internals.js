const fs = require("node:fs");
const path = require("node:path");
const { writeWhole } = require("./whole-file");
const { SetupFailure, runProgram } = require("./failure");
const { root } = require("./paths");

const list = path.join(root, "native", "internals.json");

/**
 * An internal function, method or field of LibTorch that the addon uses: the header, and how versions declare it.
 * `declarations` maps each to the first version seen with it; one that is "none" was not there.
 * @typedef {{ header: string, name: string, declarations: Record<string, string> }} Internal
 */

/** @returns {Internal[]} */
function readInternals() {
  return JSON.parse(fs.readFileSync(list, "utf8"));
}

/**
 * What a LibTorch declares differently from every version that is known, a line each.
 * @param {Internal[]} internals
 * @param {{ path: string, version: string }} libtorch
 */
function differences(internals, { path: folder, version }) {
  return internals.flatMap(({ header, name, declarations }) => {
    const found = declaration(folder, header, name);
    if (found in declarations) return [];
    return [`LibTorch ${version} declares ${name} (${header}) in a new way: ${found}`];
  });
}

/**
 * How the headers declare a name, in every overload, without comments and layout; "none" where they do not.
 * @param {string} folder LibTorch
 * @param {string} header
 * @param {string} name
 */
function declaration(folder, header, name) {
  const file = path.join(folder, "include", header);
  if (!fs.existsSync(file)) return "none";
  const text = fs.readFileSync(file, "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*|^\s*#.*/gm, "");
  // From the end of what stands before, over the name, to the body or the semicolon.
  const pattern = new RegExp(
    `(?<=[;{}]|(?:public|protected|private):|^)[^;{}]*\\b${name}\\b[^;{}]*`,
    "g",
  );
  const isConstructor = /^[A-Z]/.test(name);
  const found = [...text.matchAll(pattern)]
    .map(([one]) =>
      one
        .replace(/\b(public|protected|private):/g, "")
        .replace(/\s+/g, " ")
        .trim(),
    )
    // A call has something before it that no declaration has.
    .filter((one) => !/^(return|if|for|else|TORCH_\w+\()|[^=!<>]=[^=].*\b\w+\(|->|\w\.\w/.test(one))
    .filter((one) => one !== name && (!one.startsWith(`${name}(`) || isConstructor));
  return [...new Set(found)].join("; ") || "none";
}

/** `node setup/internals.js [--update]`: compares, or adds what this LibTorch declares to the list. */
async function main() {
  const { findLibTorch } = require("./libtorch/find");
  const { choice } = findLibTorch();
  if (!choice)
    throw new SetupFailure("There is no LibTorch.", "Set LIBTORCH, or run: npx adaptune build");
  const internals = readInternals();
  const lines = differences(internals, choice);
  for (const line of lines) console.log(line);
  if (process.argv.includes("--update")) {
    for (const { header, name, declarations } of internals) {
      declarations[declaration(choice.path, header, name)] ??= choice.version;
    }
    writeWhole(list, `${JSON.stringify(internals, null, 2)}\n`);
  } else if (lines.length > 0) process.exitCode = 1;
  console.log(
    `${internals.length} internal declarations, ${lines.length} of LibTorch ${choice.version} not known`,
  );
}

if (require.main === module) runProgram(main);

module.exports = { declaration, differences, readInternals };
