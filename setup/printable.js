/**
 * What a terminal takes as a command rather than as text: control characters but line feeds and tabs,
 * and the marks that turn the direction of a line (Unicode TR 36, "Trojan Source").
 */
const COMMANDS = /(?![\n\t])[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu;

/**
 * Text that may hold anything, as it can be shown: what a terminal would obey is written as \x1b.
 * @param {string} text
 */
function printable(text) {
  return text.replace(COMMANDS, escaped);
}

/**
 * The same for a name, which stays within its line.
 * @param {string} text
 */
function printableName(text) {
  return printable(text).replace(/[\n\t]/g, escaped);
}

/** @param {string} character */
function escaped(character) {
  const code = character.charCodeAt(0);
  if (character === "\n") return "\\n";
  if (character === "\t") return "\\t";
  return code < 256
    ? `\\x${code.toString(16).padStart(2, "0")}`
    : `\\u${code.toString(16).padStart(4, "0")}`;
}

module.exports = { printable, printableName };
