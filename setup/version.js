/**
 * The numbers of the first dotted version in a text, or null: "cmake version 3.25.1" -> [3, 25, 1].
 * @param {string} text
 * @returns {number[] | null}
 */
function parseVersion(text) {
  const match = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  if (!match) return null;
  return match.slice(1).map((part) => Number(part ?? 0));
}

/**
 * Negative, zero or positive as version `a` is older than, equal to or newer than `b`.
 * @param {number[]} a
 * @param {number[]} b
 */
function compareVersions(a, b) {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * @param {string | null} text
 * @param {string} minimum
 */
function isAtLeast(text, minimum) {
  const version = text === null ? null : parseVersion(text);
  const least = /** @type {number[]} */ (parseVersion(minimum));
  return version !== null && compareVersions(version, least) >= 0;
}

module.exports = { parseVersion, compareVersions, isAtLeast };
