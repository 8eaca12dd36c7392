import type { Dataset, Example, Split } from "../dataset";
import { randomUint32, textKey } from "../random";
import { questionTokens, splitWords, WordTokenizer } from "../tokenizer";
import { Vocabulary } from "../vocabulary";
import { cachedDrawings } from "./cache";
import { type Concept, readConcepts } from "./concepts";
import { openDrawings } from "./drawings";
import { type Augmentation, PixelRegions } from "./images";
import { requirePackages } from "./packages";
import { answerList, type QuestionKind, type QuestionOptions, QuestionWriter } from "./questions";
import { DEFAULT_IMAGE_SIZE } from "./render";
import { EMOJI_STYLES, type EmojiStyle } from "./sources";

export interface EmojiTaskOptions {
  /** Folder for rendered drawings; the default is $XDG_CACHE_HOME/adaptune/emoji. */
  cache?: string;
  /** Styles to open; the default is all three. */
  styles?: readonly EmojiStyle[];
  /** Side length of the drawings in pixels (64) and patches to a side (4). */
  size?: number;
  grid?: number;
  /** Changes to drawings where a seed is given, that is in training. */
  augmentation?: Augmentation;
  /** A term is asked about when this many base concepts of the training split have it. */
  minTermConcepts?: number;
  /** Only these concepts, by code points; for a quick look. */
  concepts?: readonly string[];
  concurrency?: number;
  onProgress?: (progress: RenderProgress) => void;
  onNote?: (note: string) => void;
}

/** Drawings rendered so far, of all that are not in the cache. */
export interface RenderProgress {
  style: EmojiStyle;
  done: number;
  total: number;
}

export interface ExampleOptions extends QuestionOptions {
  /** Only this many drawings, chosen by seed; a smaller choice is part of a larger one. */
  limitConcepts?: number;
}

export interface EmojiExample extends Example {
  kind: QuestionKind;
  style: EmojiStyle;
  /** Code points of the concept. */
  concept: string;
  /** Index of the drawing. */
  image: number;
}

/**
 * EmojiVQA-Shift: questions about the same things drawn in three styles. Noto is the source
 * domain; Twemoji (medium shift) and OpenMoji (hard shift) are targets.
 */
export class EmojiTask implements Dataset<EmojiExample> {
  readonly name = "EmojiVQA-Shift";
  readonly vocabulary: Vocabulary;

  private readonly tokenizer: WordTokenizer;
  private readonly answerIds: ReadonlyMap<string, number>;

  private constructor(
    readonly concepts: readonly Concept[],
    readonly domains: readonly EmojiStyle[],
    readonly answers: readonly string[],
    readonly regions: PixelRegions,
    private readonly writer: QuestionWriter,
  ) {
    this.vocabulary = Vocabulary.fromWords([...writer.allQuestions()].flatMap(splitWords));
    this.tokenizer = new WordTokenizer(this.vocabulary);
    this.answerIds = new Map(answers.map((answer, id) => [answer, id]));
  }

  /**
   * Reads the annotations and the drawings, which are rendered once and then kept in the cache.
   * Vocabulary and answers do not depend on which styles or concepts are opened.
   * @throws MissingPackagesError
   */
  static async open(options: EmojiTaskOptions = {}): Promise<EmojiTask> {
    const { styles = EMOJI_STYLES, size = DEFAULT_IMAGE_SIZE, grid = 4 } = options;
    requirePackages(styles);
    const all = readConcepts();
    const concepts = chooseConcepts(all, options.concepts);
    const images = await openImages(concepts, styles, size, options);
    const regions = new PixelRegions(images, size, grid, options.augmentation);
    const writer = new QuestionWriter(all, options.minTermConcepts ?? 5);
    return new EmojiTask(concepts, styles, answerList(all), regions, writer);
  }

  get regionWidth(): number {
    return this.regions.width;
  }

  /** Questions about one style's drawings of one split, in the order of the concepts. */
  examples(style: EmojiStyle, split: Split, options: ExampleOptions = {}): EmojiExample[] {
    if (!this.domains.includes(style)) {
      throw new RangeError(`The style "${style}" is not open; open are ${this.domains.join(", ")}`);
    }
    return this.choose(split, options).flatMap((image) => this.ask(style, image, options));
  }

  describe(): string {
    const { concepts, domains, answers, regions, vocabulary } = this;
    const count = (n: number) => n.toLocaleString("en-US");
    const ofSplit = (split: Split) => count(concepts.filter((c) => c.split === split).length);
    const bases = new Set(concepts.map((concept) => concept.base)).size;
    const terms = [...this.writer.allQuestions()].length - 2;
    return [
      `${this.name}: ${count(concepts.length)} concepts (${count(bases)} without their variants): ` +
        `${ofSplit("train")} train, ${ofSplit("validation")} validation, ${ofSplit("test")} test`,
      `${count(concepts.length * domains.length)} drawings of ${regions.size} x ${regions.size} ` +
        `pixels (${domains.join(", ")}), ${regions.grid} x ${regions.grid} patches and the whole`,
      `${count(answers.length)} answers, ${count(terms)} terms to ask about, ` +
        `${count(vocabulary.size)} words`,
    ].join("\n");
  }

  private choose(split: Split, { limitConcepts, seed = 0 }: ExampleOptions): number[] {
    const images = [...this.concepts.keys()].filter((i) => this.concepts[i].split === split);
    if (limitConcepts === undefined) return images;
    if (!Number.isInteger(limitConcepts) || limitConcepts < 1) {
      throw new RangeError(`limitConcepts is ${limitConcepts}, expected a whole number from 1 on`);
    }
    const rank = (i: number) => randomUint32(seed, textKey(this.concepts[i].hexcode), CHOICE);
    return images
      .sort((a, b) => rank(a) - rank(b) || a - b)
      .slice(0, limitConcepts)
      .sort((a, b) => a - b);
  }

  private ask(style: EmojiStyle, image: number, options: ExampleOptions): EmojiExample[] {
    const concept = this.concepts[image];
    return this.writer.questions(concept, options).map(({ kind, question, answer }) => {
      const tokens = questionTokens(this.tokenizer, question);
      return {
        id: `${style}/${concept.hexcode}/${kind === "yesno" ? question : kind}`,
        style,
        concept: concept.hexcode,
        image,
        kind,
        question,
        tokens,
        answerStart: tokens.length - 2,
        answer: this.answerIds.get(answer)!,
      };
    });
  }
}

/** Keeps the choice of drawings apart from the numbers that write questions. */
const CHOICE = 1;

function chooseConcepts(all: readonly Concept[], chosen?: readonly string[]): readonly Concept[] {
  if (!chosen) return all;
  const wanted = new Set(chosen);
  const concepts = all.filter((concept) => wanted.delete(concept.hexcode));
  if (wanted.size > 0) throw new RangeError(`There are no concepts ${[...wanted].join(", ")}`);
  return concepts;
}

async function openImages(
  concepts: readonly Concept[],
  styles: readonly EmojiStyle[],
  size: number,
  options: EmojiTaskOptions,
): Promise<Map<EmojiStyle, Uint8Array>> {
  const hexcodes = concepts.map((concept) => concept.hexcode);
  const total = styles.length * hexcodes.length;
  const images = new Map<EmojiStyle, Uint8Array>();
  for (const style of styles) {
    const before = images.size * hexcodes.length;
    const rendered = await cachedDrawings(openDrawings(style), hexcodes, {
      ...options,
      size,
      onDrawing: (done) => options.onProgress?.({ style, done: before + done, total }),
    });
    images.set(style, rendered.images);
  }
  return images;
}
