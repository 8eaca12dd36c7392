/**
 * An answer as it is compared: lower case, no punctuation inside, single spaces, no article. The
 * part of VQA's official answer normalisation that closed label sets need.
 */
export function normaliseAnswer(answer: string): string {
  return answer
    .normalize("NFC")
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, " ")
    .split(" ")
    .filter((word) => word !== "" && word !== "a" && word !== "an" && word !== "the")
    .join(" ");
}
