// Loaded before all else, so that an old Node.js gets this message instead of a syntax error: no
// syntax and no module here that Node.js 10 lacks.

const minimumNode = "20.19";

/**
 * What is wrong with a version of Node.js, or null.
 * @param {string} version
 */
function nodeProblem(version) {
  const [major, minor] = version.split(".").map(Number);
  const [neededMajor, neededMinor] = minimumNode.split(".").map(Number);
  if (major > neededMajor || (major === neededMajor && minor >= neededMinor)) return null;
  return `Node.js ${version} is too old: ${minimumNode} or newer is needed.`;
}

const nodeHint = [
  "Install a current Node.js:",
  "  any system       nvm install 22 (https://github.com/nvm-sh/nvm)",
  "  Debian, Ubuntu   curl -fsSL https://deb.nodesource.com/setup_22.x | sudo -E bash - && sudo apt-get install nodejs",
  "  Fedora           sudo dnf install nodejs22",
  "  Arch             sudo pacman -S nodejs-lts-jod npm",
  "  macOS            brew install node@22",
].join("\n");

/** Ends the process with a message unless this Node.js is new enough. */
function requireNode() {
  const problem = nodeProblem(process.versions.node);
  if (problem === null) return;
  process.stderr.write(`\nadaptune: ${problem}\n\n${nodeHint}\n`);
  process.exit(1);
}

module.exports = { requireNode, nodeProblem, nodeHint };
