// Optimizers' states in a .pt file of ours, for optim_loaded.py, which says how to run both.
import { join } from "node:path";
import * as torch from "../../src/torch";
import { savedRuns } from "../optim/steps-support";

torch.save(savedRuns(), join(__dirname, "optim-saved.pt"));
