import * as torch from "../../src/torch";

torch.useDeterministicAlgorithms(true, { warnOnly: true });
torch.zeros([4]).put_(torch.tensor([0, 0], { dtype: "int64" }), torch.tensor([1, 2]), false);
