const { createHash } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { writeWhole } = require("./whole-file");

/**
 * A stamp says what an output was made from; the output is fresh while that is still the same.
 * @param {string} file
 * @param {Record<string, unknown>} inputs
 */
function isFresh(file, inputs) {
  try {
    return fs.readFileSync(file, "utf8") === serialize(inputs);
  } catch {
    return false;
  }
}

/**
 * @param {string} file
 * @param {Record<string, unknown>} inputs
 */
function writeStamp(file, inputs) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  writeWhole(file, serialize(inputs));
}

/**
 * SHA-256 over the names and contents of files, and of all files in folders; missing ones count as empty.
 * @param {string} base
 * @param {string[]} entries paths relative to `base`
 */
function hashFiles(base, entries) {
  const hash = createHash("sha256");
  for (const file of entries.flatMap((entry) => listFiles(base, entry))) {
    const content = fs.readFileSync(path.join(base, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

/**
 * All files at or under an entry, sorted, as paths relative to `base`.
 * @param {string} base
 * @param {string} entry
 * @returns {string[]}
 */
function listFiles(base, entry) {
  const full = path.join(base, entry);
  const stat = fs.statSync(full, { throwIfNoEntry: false });
  if (!stat) return [];
  if (!stat.isDirectory()) return [entry];
  return fs
    .readdirSync(full)
    .sort()
    .flatMap((name) => listFiles(base, path.join(entry, name)));
}

/** What a JSON file holds; null where there is none that can be read. @param {string} file */
function readJson(file) {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8"));
  } catch {
    return null;
  }
}

/** @param {Record<string, unknown>} inputs */
function serialize(inputs) {
  return `${JSON.stringify(inputs, null, 2)}\n`;
}

module.exports = { isFresh, writeStamp, readJson, hashFiles, listFiles };
