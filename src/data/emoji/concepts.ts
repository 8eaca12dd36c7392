import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { normaliseAnswer } from "../answers";
import type { Split } from "../dataset";
import { type Drawings, openDrawings } from "./drawings";
import { findPackages } from "./packages";
import { EMOJI_STYLES } from "./sources";

/** One thing that all three styles draw, with what people wrote about it. */
export interface Concept {
  /** Code points in upper case hexadecimal, joined by "-": "1F34E". */
  hexcode: string;
  emoji: string;
  label: string;
  /** The label and all keywords, lower case, each once: everything that is "in the picture". */
  terms: readonly string[];
  group: string;
  subgroup: string;
  /** The concept without skin tone, gender, number of people and direction. */
  base: string;
  split: Split;
}

interface EmojibaseEntry {
  hexcode: string;
  emoji: string;
  label: string;
  tags?: string[];
  group?: number;
  subgroup?: number;
}

/**
 * All emoji that every style draws, without flags and components, in Unicode's order: 1,644 with
 * 3,356 keywords, 8 groups and 95 subgroups in version 17 of emojibase-data.
 * @throws MissingPackagesError
 */
export function readConcepts(): Concept[] {
  const folder = findPackages(["emojibase-data"]).get("emojibase-data")!.folder;
  const entries: EmojibaseEntry[] = readJson(join(folder, "en", "data.json"));
  const names: { groups: Names; subgroups: Names } = readJson(join(folder, "meta", "groups.json"));
  const styles: Drawings[] = EMOJI_STYLES.map((style) => openDrawings(style));
  return entries
    .filter(({ group }) => group !== undefined && !LEFT_OUT.has(names.groups[group]))
    .filter(({ hexcode }) => styles.every((drawings) => drawings.has(hexcode)))
    .map((entry) => {
      const base = baseConcept(entry.hexcode);
      return {
        hexcode: entry.hexcode,
        emoji: entry.emoji,
        label: entry.label.toLowerCase(),
        terms: [...new Set([entry.label, ...(entry.tags ?? [])].map((t) => t.toLowerCase()))],
        group: normaliseAnswer(names.groups[entry.group!]),
        subgroup: normaliseAnswer(names.subgroups[entry.subgroup!]),
        base,
        split: splitOf(base),
      };
    });
}

const LEFT_OUT = new Set(["component", "flags"]);

type Names = Record<string, string>;

/** 70 % train, 10 % validation, 20 % test by the hash of the base concept alone. */
export function splitOf(base: string): Split {
  const share =
    createHash("sha256").update(`emoji-vqa-shift:${base}`).digest().readUInt32BE(0) / 2 ** 32;
  return share < 0.7 ? "train" : share < 0.8 ? "validation" : "test";
}

/**
 * The concept that variants of skin tone, gender, age pairs, family members and direction share.
 * "1F469-1F3FD-200D-1F680" (woman astronaut, medium skin tone) -> "1F9D1-200D-1F680" (astronaut).
 */
export function baseConcept(hexcode: string): string {
  const kept = hexcode
    .split("-")
    .filter((point) => point !== "FE0F" && !SKIN_TONES.has(point))
    .map((point) => SAME_PERSON[point] ?? point);
  const parts = kept.join("-").split("-200D-");
  const people = parts.filter((part) => part === ADULT || part === CHILD).length;
  if (people > 1) {
    if (parts.includes("1F48B")) return KISS;
    if (parts.includes("2764")) return COUPLE;
    if (parts.includes("1F91D")) return HOLDING_HANDS;
    if (people === parts.length) return FAMILY;
  }
  return parts.filter((part) => !VARIANT_SIGNS.has(part)).join("-200D-");
}

const ADULT = "1F9D1";
const CHILD = "1F9D2";
const KISS = "1F48F";
const COUPLE = "1F491";
const HOLDING_HANDS = "1F46B";
const FAMILY = "1F46A";
const SKIN_TONES = new Set(["1F3FB", "1F3FC", "1F3FD", "1F3FE", "1F3FF"]);

/** Female, male, and the arrow that turns a person to the right. */
const VARIANT_SIGNS = new Set(["2640", "2642", "27A1"]);

/** Emoji from before gender signs that are drawn as the same person of another gender. */
const SAME_PERSON: Record<string, string> = {
  "1F468": ADULT, // man
  "1F469": ADULT, // woman
  "1F466": CHILD, // boy
  "1F467": CHILD, // girl
  "1F474": "1F9D3", // old man
  "1F475": "1F9D3", // old woman
  "1F934": "1FAC5", // prince
  "1F478": "1FAC5", // princess
  "1F385": "1F9D1-200D-1F384", // Santa Claus
  "1F936": "1F9D1-200D-1F384", // Mrs. Claus
  "1F57A": "1F483", // man dancing
  "1F930": "1FAC4", // pregnant woman
  "1FAC3": "1FAC4", // pregnant man
  "1F46C": HOLDING_HANDS, // men
  "1F46D": HOLDING_HANDS, // women
};

function readJson<T>(path: string): T {
  if (!existsSync(path)) {
    throw new Error(
      `${path} is missing: the installed data package is incomplete; install it anew`,
    );
  }
  return JSON.parse(readFileSync(path, "utf8")) as T;
}
