import { combine, type PartOptions, type Strategy } from "../strategy";

/** The pretrained model as it is: nothing trains, its head neither, but the parts that are named. */
export function frozen({ head = [], also }: PartOptions = {}): Strategy {
  return combine("frozen", null, [], { head, also });
}
