/** Where text goes to, as far as its looks depend on it. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Text attributes for a terminal; the identity where there are no colours. */
export interface Style {
  readonly colours: boolean;
  bold(text: string): string;
  dim(text: string): string;
  /** Text on a background of the 256-colour palette, black or white by its brightness. */
  on(background: number, dark: boolean, text: string): string;
}

export const plain: Style = {
  colours: false,
  bold: (text) => text,
  dim: (text) => text,
  on: (_background, _dark, text) => text,
};

const coloured: Style = {
  colours: true,
  bold: (text) => `\x1b[1m${text}\x1b[22m`,
  dim: (text) => `\x1b[2m${text}\x1b[22m`,
  on: (background, dark, text) =>
    `\x1b[48;5;${background}m\x1b[38;5;${dark ? 231 : 16}m${text}\x1b[0m`,
};

/** Colours on a terminal that knows them, unless NO_COLOR says otherwise (no-color.org). */
export function styleFor(
  output: Pick<Output, "isTTY">,
  { NO_COLOR, FORCE_COLOR, TERM }: NodeJS.ProcessEnv = process.env,
): Style {
  if (NO_COLOR) return plain;
  if (FORCE_COLOR && FORCE_COLOR !== "0") return coloured;
  return output.isTTY && TERM !== "dumb" ? coloured : plain;
}
