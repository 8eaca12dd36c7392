/** The three ways of drawing the same emoji; each is a visual domain. */
export type EmojiStyle = "noto" | "twemoji" | "openmoji";

export const EMOJI_STYLES: readonly EmojiStyle[] = ["noto", "twemoji", "openmoji"];

/** The npm package that holds a style's drawings. */
export function packageOf(style: EmojiStyle): string {
  return style === "openmoji" ? "openmoji" : `@iconify-json/${style}`;
}

/** An npm package the task is made from, with what its licence asks to be said. */
export interface DataSource {
  package: string;
  title: string;
  provides: string;
  authors: string;
  licence: string;
  url: string;
}

/** Every source of EmojiVQA-Shift; print it wherever drawings or figures made of them are shown. */
export const EMOJI_SOURCES: readonly DataSource[] = [
  {
    package: "@iconify-json/noto",
    title: "Noto Emoji",
    provides: "drawings (source style)",
    authors: "Google LLC",
    licence: "Apache-2.0",
    url: "https://github.com/googlefonts/noto-emoji",
  },
  {
    package: "@iconify-json/twemoji",
    title: "Twemoji",
    provides: "drawings (target style)",
    authors: "Twitter, Inc and other contributors",
    licence: "CC-BY-4.0",
    url: "https://github.com/jdecked/twemoji",
  },
  {
    package: "openmoji",
    title: "OpenMoji",
    provides: "drawings (target style)",
    authors: "HfG Schwäbisch Gmünd and contributors",
    licence: "CC-BY-SA-4.0",
    url: "https://openmoji.org",
  },
  {
    package: "emojibase-data",
    title: "Emojibase",
    provides: "labels, keywords, groups",
    authors: "Miles Johnson",
    licence: "MIT",
    url: "https://github.com/milesj/emojibase",
  },
];

/** One line of attribution per source. */
export function emojiAttribution(): string[] {
  return EMOJI_SOURCES.map(
    (source) =>
      `${source.title} (${source.provides}), ${source.authors}, ${source.licence}, ${source.url}`,
  );
}
