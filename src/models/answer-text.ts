/**
 * An answer as the official evaluation of VQA compares it: lower case, without punctuation and
 * articles, number words as digits, contractions with their apostrophes. Follows the evaluation to
 * the letter: a comma between digits, as in `1,000`, makes all punctuation vanish that would
 * otherwise leave a space, and so does a mark beside a space.
 */
export function normaliseVqaAnswer(answer: string): string {
  return withoutPunctuation(answer.replace(/[\n\t]/g, " ").trim())
    .toLowerCase()
    .split(/\s+/)
    .map((word) => NUMBERS.get(word) ?? word)
    .filter((word) => word !== "" && !ARTICLES.has(word))
    .map((word) => CONTRACTIONS.get(word) ?? word)
    .join(" ");
}

function withoutPunctuation(text: string): string {
  const hasGroupedDigits = /\d,\d/.test(text);
  const bare = [...PUNCTUATION].reduce((left, mark) => {
    const vanishes = hasGroupedDigits || text.includes(`${mark} `) || text.includes(` ${mark}`);
    return left.replaceAll(mark, vanishes ? "" : " ");
  }, text);
  return bare.replace(/\.(?!\d)/g, ""); // the point of a number stays
}

const PUNCTUATION = ';/[]"{}()=+\\_-><@`,?!';

const ARTICLES = new Set(["a", "an", "the"]);

const NUMBERS = new Map([
  ["none", "0"],
  ...["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"].map(
    (word, n): [string, string] => [word, String(n)],
  ),
]);

const CONTRACTED = `
ain't aren't can't could've couldn't couldn't've didn't doesn't don't hadn't hadn't've
hasn't haven't he'd he'd've he's how'd how'll how's isn't it'd it'd've it'll ma'am might've
mightn't mightn't've must've mustn't needn't not've o'clock oughtn't 'ow's'at shan't
she'd've should've shouldn't shouldn't've somebody'd've somebody'll somebody's someone'd
someone'd've someone'll someone's something'd something'd've something'll that's there'd
there'd've there're there's they'd they'd've they'll they're they've 'twas wasn't we'd've
we've weren't what'll what're what's what've when's where'd where's where've who'd who'd've
who'll who's who've why'll why're why's won't would've wouldn't wouldn't've y'all y'all'd've
y'all'll you'd you'd've you'll you're you've
`;

/** From what a contraction becomes without one of its apostrophes to the contraction. */
const CONTRACTIONS = new Map([
  ...CONTRACTED.trim()
    .split(/\s+/)
    .flatMap((word) =>
      [...word.matchAll(/'/g)].map(({ index }): [string, string] => [
        word.slice(0, index) + word.slice(index + 1),
        word,
      ]),
    ),
  ["somebody'd", "somebodyd"], // as the evaluation has it
]);
