/** How far a long operation is. */
export interface Progress {
  /** What is being done, as `training` or `measuring on validation`. */
  readonly phase: string;
  readonly done: number;
  readonly total: number;
  /** What is counted: steps, examples, drawings. */
  readonly unit: string;
  /** The newest figures, as `loss 1.32`. */
  readonly detail?: string;
}

/** Follows a run from outside; a run does the same whether it is watched or not. */
export interface Watch {
  progress?(progress: Progress): void;
  note?(text: string): void;
}

/** The same watch, with every phase and note named after what it belongs to. */
export function within(watch: Watch, name: string): Watch {
  return {
    progress: (progress) => watch.progress?.({ ...progress, phase: `${name}: ${progress.phase}` }),
    note: (text) => watch.note?.(`${name}: ${text}`),
  };
}
