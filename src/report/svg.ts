/** SVG text; made by `element` only, so that everything in it is escaped once. */
export type Svg = string;

type Attributes = Readonly<Record<string, string | number>>;

/** An element with its attributes (numbers rounded to hundredths) and what is inside it. */
export function element(name: string, attributes: Attributes, ...inside: readonly Svg[]): Svg {
  const written = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${typeof value === "number" ? round(value) : escaped(value)}"`)
    .join("");
  return inside.length === 0
    ? `<${name}${written}/>`
    : `<${name}${written}>${inside.join("")}</${name}>`;
}

/** A line of text at a place. */
export function label(x: number, y: number, content: string, attributes: Attributes = {}): Svg {
  return element("text", { x, y, ...attributes }, escaped(content));
}

/** A whole document on white: text in a sans-serif font, sizes in pixels. */
export function document(width: number, height: number, ...inside: readonly Svg[]): Svg {
  return element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      "font-family": "Helvetica, Arial, 'DejaVu Sans', sans-serif",
      "font-size": 13,
      fill: "#1f2328",
    },
    element("rect", { width, height, fill: "#ffffff" }),
    ...inside,
  );
}

function escaped(text: string): string {
  const entities: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
  };
  return text.replace(/[&<>"]/g, (character) => entities[character]);
}

function round(value: number): string {
  return String(Math.round(value * 100) / 100);
}
