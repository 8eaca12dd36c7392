import { checkOptions } from "../../torch/errors";
import { combine, type PartOptions, type Strategy } from "../strategy";

/** The pretrained model as it is: nothing trains, its head neither, but the parts that are named. */
export function frozen(options: PartOptions = {}): Strategy {
  const { head = [], also } = checkOptions("frozen", options, ["head", "also"]);
  return combine("frozen", null, [], { head, also });
}
