import { TorchError } from "./errors";
import { collectGarbage, watchTurn } from "./memory";
import { handleKey, native } from "./native";
import { Tensor } from "./tensor";

// The addon makes errors and tensors of these classes.
native.attach({ TorchError, Tensor, handleKey, manyUnscoped: watchTurn, collectGarbage });
