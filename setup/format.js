const units = ["B", "kB", "MB", "GB", "TB"];

/**
 * Bytes with a unit: 950 B, 1.5 MB, 182.9 MB.
 * @param {number} bytes
 */
function formatBytes(bytes) {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return unit === 0 ? `${value} B` : `${value.toFixed(1)} ${units[unit]}`;
}

/**
 * The bytes of such a text.
 * @param {string} text
 */
function parseBytes(text) {
  const [value, unit] = text.split(" ");
  return Number(value) * 1000 ** units.indexOf(unit);
}

/**
 * A duration as a person says it: 0.4 s, 12 s, 3 min 05 s, 1 h 20 min.
 * @param {number} seconds
 */
function formatSeconds(seconds) {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, "0")} min`;
}

module.exports = { formatBytes, parseBytes, formatSeconds };
