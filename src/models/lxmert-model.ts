import type { Tensor } from "../torch";
import { Lxmert, type LxmertEmbedded, type LxmertInputs } from "./lxmert";
import { LxmertConfig } from "./lxmert-config";
import { lxmertConfigOf, lxmertRenames } from "./lxmert-names";
import type { ConfigValues } from "./model";
import { Model } from "./model";

/** Base of models around an LXMERT: it is at `lxmert`, heads are beside it. */
export abstract class LxmertModel extends Model {
  static override readonly modelType = "lxmert";
  static override readonly Config = LxmertConfig;
  static override readonly prefix = "lxmert";
  static override readonly renames = lxmertRenames;
  static override readonly configOf = lxmertConfigOf;

  readonly lxmert: Lxmert;

  constructor(readonly config: LxmertConfig) {
    super();
    this.lxmert = new Lxmert(config);
  }

  static override readConfig(values: ConfigValues): ConfigValues {
    return Lxmert.readConfig(values);
  }

  /** Everything before the blocks, both streams as one: hidden [B,T+O,D], mask [B,1,1,T+O]. */
  embed(inputs: LxmertInputs): { hidden: Tensor; mask: Tensor } {
    return this.lxmert.embed(inputs);
  }

  /** Everything before the blocks, by stream. */
  embedStreams(inputs: LxmertInputs): LxmertEmbedded {
    return this.lxmert.embedStreams(inputs);
  }
}
