/** What both the set-up and the rest of the project print; the set-up is plain JavaScript. */
const shared = require("../../setup/printable") as Printable;

interface Printable {
  readonly printable: (text: string) => string;
  readonly printableName: (text: string) => string;
}

/** Text that may hold anything, as it can be shown: what a terminal would obey is written as \x1b. */
export const printable = shared.printable;

/** The same for a name, which stays within its line. */
export const printableName = shared.printableName;
