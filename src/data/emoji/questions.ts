import type { Split } from "../dataset";
import { RandomSequence, randomUint32, textKey } from "../random";
import type { Concept } from "./concepts";

/** What a question asks about: a thing in the picture, the group, or the subgroup. */
export type QuestionKind = "yesno" | "group" | "subgroup";

export const QUESTION_KINDS: readonly QuestionKind[] = ["yesno", "group", "subgroup"];

export const GROUP_QUESTION = "what kind of thing is this?";
export const SUBGROUP_QUESTION = "what exactly is shown?";

export interface Question {
  kind: QuestionKind;
  question: string;
  answer: string;
}

export interface QuestionOptions {
  seed?: number;
  /** Yes/no questions per concept, half of them with the answer no. */
  questionsPerConcept?: number;
}

/**
 * All answers in a fixed order: no, yes, groups, subgroups (2 + 8 + 95 = 105). 104 of them can be
 * learnt: "animal amphibian" is a single drawing, and not one of the training split.
 */
export function answerList(concepts: readonly Concept[]): string[] {
  const groups = new Set(concepts.map((concept) => concept.group));
  const subgroups = new Set(concepts.map((concept) => concept.subgroup));
  return [...new Set(["no", "yes", ...[...groups].sort(), ...[...subgroups].sort()])];
}

export function thingQuestion(term: string): string {
  return `is there ${term} in the picture?`;
}

/**
 * Asks about concepts of one split: one group question, one subgroup question, and as many "yes"
 * as "no" questions about labels and keywords.
 *
 * A term can be asked about if enough base concepts of the training split have it. Negatives are
 * the terms of other concepts of the same split, drawn like the positives so that a term's
 * frequency says little about its answer; every other one is from the shown concept's own group.
 * A concept's questions depend on seed and concept alone, not on style or on the other concepts
 * asked about.
 */
export class QuestionWriter {
  private readonly askable: ReadonlySet<string>;
  private readonly pools = new Map<string, Concept[]>();

  constructor(
    concepts: readonly Concept[],
    readonly minTermConcepts: number,
  ) {
    this.askable = sharedTerms(concepts, minTermConcepts);
    for (const concept of concepts) {
      if (this.termsOf(concept).length === 0) continue;
      for (const key of [concept.split, poolKey(concept.split, concept.group)]) {
        const pool = this.pools.get(key);
        if (pool) pool.push(concept);
        else this.pools.set(key, [concept]);
      }
    }
  }

  /** Every question that can be asked, for a vocabulary. */
  *allQuestions(): Iterable<string> {
    yield GROUP_QUESTION;
    yield SUBGROUP_QUESTION;
    for (const term of this.askable) yield thingQuestion(term);
  }

  /** The terms of a concept that can be asked about. */
  termsOf(concept: Concept): string[] {
    return concept.terms.filter((term) => this.askable.has(term));
  }

  questions(concept: Concept, options: QuestionOptions = {}): Question[] {
    const { seed = 0, questionsPerConcept = 4 } = options;
    const random = new RandomSequence(randomUint32(seed, textKey(concept.hexcode)));
    const yes = random.shuffle(this.termsOf(concept)).slice(0, Math.floor(questionsPerConcept / 2));
    const no = this.negatives(concept, yes.length, random);
    return [
      { kind: "group", question: GROUP_QUESTION, answer: concept.group },
      { kind: "subgroup", question: SUBGROUP_QUESTION, answer: concept.subgroup },
      ...yes.slice(0, no.length).map((term) => thing(term, "yes")),
      ...no.map((term) => thing(term, "no")),
    ];
  }

  private negatives(concept: Concept, count: number, random: RandomSequence): string[] {
    const own = new Set(concept.terms.flatMap(wordsOf));
    const chosen = new Set<string>();
    // Groups hold dozens of concepts, so a few draws find a negative; the bound ends odd subsets.
    for (let draw = 0; chosen.size < count && draw < 100 * (count + 1); draw++) {
      const sameGroup = chosen.size % 2 === 0;
      const key = sameGroup ? poolKey(concept.split, concept.group) : concept.split;
      const pool = this.pools.get(key) ?? [];
      if (pool.length === 0) continue;
      const terms = this.termsOf(pool[random.below(pool.length)]);
      const term = terms[random.below(terms.length)];
      // "red heart" is not a negative of something with "red" and "heart" among its words.
      if (!wordsOf(term).every((word) => own.has(word))) chosen.add(term);
    }
    return [...chosen];
  }
}

function thing(term: string, answer: "yes" | "no"): Question {
  return { kind: "yesno", question: thingQuestion(term), answer };
}

function sharedTerms(concepts: readonly Concept[], least: number): Set<string> {
  const bases = new Map<string, Set<string>>();
  for (const { terms, base, split } of concepts) {
    if (split !== "train" && least > 0) continue;
    for (const term of terms) {
      const known = bases.get(term);
      if (known) known.add(base);
      else bases.set(term, new Set([base]));
    }
  }
  return new Set([...bases].filter(([, holders]) => holders.size >= least).map(([term]) => term));
}

function poolKey(split: Split, group: string): string {
  return `${split}/${group}`;
}

function wordsOf(term: string): string[] {
  return term.split(/[^\p{L}\p{M}\p{N}]+/u).filter((word) => word !== "");
}
