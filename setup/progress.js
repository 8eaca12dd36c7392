const { formatBytes, formatSeconds } = require("./format");

/**
 * A progress line: rewritten in place on a terminal, printed every ten seconds elsewhere (a log).
 * @typedef {{ update(done: number, total?: number): void, end(note?: string): void }} Progress
 */

/**
 * @param {string} label
 * @param {{ unit?: "bytes" | string, stream?: NodeJS.WriteStream, every?: number }} [options]
 * @returns {Progress}
 */
function progress(label, { unit = "bytes", stream = process.stdout, every } = {}) {
  const started = Date.now();
  const terminal = Boolean(stream.isTTY);
  const interval = every ?? (terminal ? 100 : 10_000);
  let last = terminal ? 0 : started;
  /** @type {number | undefined} */
  let first;
  return {
    update(done, total) {
      // A resumed download starts at what was already there, which must not count into the rate.
      first ??= done;
      const now = Date.now();
      if (now - last < interval) return;
      last = now;
      const line = `  ${label}: ${describe(done, total, (now - started) / 1000, first, unit)}`;
      stream.write(terminal ? `\r${line.slice(0, (stream.columns || 80) - 1)}\x1b[K` : `${line}\n`);
    },
    end(note) {
      if (terminal) stream.write("\r\x1b[K");
      if (note)
        stream.write(`  ${label}: ${note}, ${formatSeconds((Date.now() - started) / 1000)}\n`);
    },
  };
}

/**
 * @param {number} done
 * @param {number | undefined} total
 * @param {number} seconds
 * @param {number} first
 * @param {string} unit
 */
function describe(done, total, seconds, first, unit) {
  const show = (/** @type {number} */ n) =>
    unit === "bytes" ? formatBytes(n) : `${Math.round(n)}`;
  const rate = seconds > 0 ? (done - first) / seconds : 0;
  const size = total ? `${show(done)} of ${show(total)}` : show(done);
  const parts = [unit === "bytes" ? size : `${size} ${unit}`];
  if (total) parts.push(`${Math.floor((100 * done) / total)} %`);
  if (unit === "bytes" && rate > 0) parts.push(`${formatBytes(rate)}/s`);
  if (total && rate > 0) parts.push(`${formatSeconds((total - done) / rate)} left`);
  return parts.join(", ");
}

module.exports = { progress, describe };
