/** Lets waiting events happen between two steps: signals, progress, writes to a terminal. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
