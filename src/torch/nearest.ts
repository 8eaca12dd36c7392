/** The known word that a mistyped one most likely stands for. */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  const given = plain(word).slice(0, LONGEST);
  const most = Math.max(1, Math.floor(given.length / 3));
  const near = known
    .map((candidate) => ({ candidate, distance: editDistance(given, plain(candidate)) }))
    .filter(({ distance }) => distance <= most)
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.candidate;
}

/** What to say of a name that is none of those known: the nearest one, or all of them. */
export function knownInstead(word: string, known: readonly string[]): string {
  const meant = didYouMean(word, known);
  return meant ? `did you mean ${meant}?` : `known here are ${known.join(", ") || "none"}`;
}

/** Names in other spellings are the same words: hidden_size, hiddenSize, HIDDEN-SIZE. */
function plain(word: string): string {
  return word.toLowerCase().replace(/[_-]/g, "");
}

/** No known name is longer, and the distance takes the square of it. */
const LONGEST = 100;

/** Insertions, deletions, replacements and swaps of neighbours. */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= a.length; i++) {
    rows.push([i]);
    for (let j = 1; j <= b.length; j++) {
      const replaced = rows[i - 1][j - 1] + Number(a[i - 1] !== b[j - 1]);
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
          ? rows[i - 2][j - 2] + 1
          : Infinity;
      rows[i].push(Math.min(replaced, swapped, rows[i - 1][j] + 1, rows[i][j - 1] + 1));
    }
  }
  return rows[a.length][b.length];
}
