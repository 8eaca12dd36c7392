import { Dropout, Linear, Module, ReLU, Sequential } from "../nn";
import type { Tensor } from "../torch";
import * as torch from "../torch";
import { coordinateEmbeddings, coordinateWidth } from "./coordinates";
import type { VLBertConfig } from "./vl-bert-config";

/** Regions as the transformer sees them: features [B,O,F], boxes [B,O,4], of any dtype -> [B,O,D]. */
export class VLBertRegionEmbeddings extends Module {
  readonly obj_downsample: Sequential;
  private readonly coordinateWidth: number;

  constructor({ visual_size, hidden_size, hidden_dropout_prob }: VLBertConfig) {
    super();
    this.coordinateWidth = coordinateWidth(visual_size);
    this.obj_downsample = new Sequential(
      new Dropout(hidden_dropout_prob),
      new Linear(this.coordinateWidth + visual_size, hidden_size),
      new ReLU(),
    );
  }

  override forward(features: Tensor, boxes: Tensor): Tensor {
    const { dtype } = this.obj_downsample.parameters()[0];
    const places = coordinateEmbeddings(boxes, this.coordinateWidth).to(dtype);
    return this.obj_downsample.forward(torch.cat([places, features.to(dtype)], -1));
  }
}
