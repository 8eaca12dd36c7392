const fs = require("node:fs");
const path = require("node:path");
const { writeWhole } = require("./whole-file");
const { listFiles } = require("./stamp");

/**
 * Brings a checkout's dist/ up to date with src/: changed files are transpiled, removed ones deleted.
 * Types are not checked here; that is `tsc`'s task. Costs milliseconds when nothing changed.
 * @param {string} root
 * @returns {number} how many files were written
 */
function refreshDist(root) {
  const source = path.join(root, "src");
  const target = path.join(root, "dist");
  const stamp = path.join(target, ".stamp.json");
  const before = readStamp(stamp);
  const now = fingerprint(source, path.join(root, "tsconfig.json"));
  const isStale = (/** @type {string} */ file) =>
    before[file] !== now[file] ||
    before[""] !== now[""] ||
    !fs.existsSync(path.join(target, output(file)));

  const removed = Object.keys(before).filter((file) => !(file in now));
  const changed = Object.keys(now).filter((file) => file !== "" && isStale(file));
  for (const file of removed) fs.rmSync(path.join(target, output(file)), { force: true });
  const transpile = changed.length > 0 ? transpiler(root) : null;
  for (const file of changed) {
    const text = fs.readFileSync(path.join(source, file));
    const written = path.join(target, output(file));
    fs.mkdirSync(path.dirname(written), { recursive: true });
    // Renamed into place: another command may be loading the old file right now.
    writeWhole(written, file.endsWith(".ts") && transpile ? transpile(text, file) : text);
  }
  if (changed.length + removed.length > 0) writeWhole(stamp, JSON.stringify(now));
  return changed.length;
}

/**
 * @param {string} root
 * @returns {(text: Buffer, file: string) => string}
 */
function transpiler(root) {
  // Loaded only when something changed: it takes longer than everything else here.
  const ts = require("typescript");
  const { config } = ts.readConfigFile(path.join(root, "tsconfig.json"), ts.sys.readFile);
  const compilerOptions = { ...config.compilerOptions, noEmit: false };
  return (text, fileName) =>
    ts.transpileModule(text.toString("utf8"), { compilerOptions, fileName }).outputText;
}

/**
 * Size and time of each source; under "" those of what rules them all.
 * @param {string} source
 * @param {string} config
 */
function fingerprint(source, config) {
  /** @type {Record<string, string>} */
  const result = { "": identify(config) };
  for (const file of listFiles(source, ".")) {
    if (!file.endsWith(".d.ts")) result[file] = identify(path.join(source, file));
  }
  return result;
}

/** @param {string} file */
function identify(file) {
  const { size, mtimeMs } = fs.statSync(file);
  return `${size} ${mtimeMs}`;
}

/** @param {string} file */
function output(file) {
  return file.replace(/\.ts$/, ".js");
}

/**
 * @param {string} stamp
 * @returns {Record<string, string>}
 */
function readStamp(stamp) {
  try {
    return JSON.parse(fs.readFileSync(stamp, "utf8"));
  } catch {
    return {};
  }
}

module.exports = { refreshDist };
