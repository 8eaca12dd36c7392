"""An encoder whose sites go through a route: how alternatives are run and put together.

A route is called with a site's name, one function an alternative, and the arguments of them all.
"""

from functools import partial

from layers import Blocks, feed_forward
from torch import nn


class Encoder(nn.Module):
    """size: of the encoder; level: block, segment, component or None; alternatives: by name."""

    def __init__(self, size, level, alternatives):
        super().__init__()
        self.level = level
        self.alternatives = alternatives
        self.twins = nn.ModuleDict(
            {name: Blocks(size) for name in alternatives if name != "skip"}
        )

    def forward(self, route, inputs, masks):
        """inputs and masks: lists, one entry a stream -> list of hidden states."""
        if len(inputs) == 1:
            return [self.read(route, "layer", inputs[0], masks[0])]
        language = self.read(route, "layer", inputs[0], masks[0])
        vision = self.read(route, "r_layers", inputs[1], masks[1])
        for number in range(len(self.first.x_layers)):
            language, vision = self.cross(route, number, language, vision, *masks)
        return [language, vision]

    @property
    def first(self):
        return next(iter(self.twins.values()))

    def of_all(self, stack, number, streams):
        """One block of every alternative."""
        return [
            partial(pass_on, streams) if name == "skip" else getattr(self.twins[name], stack)[number]
            for name in self.alternatives
        ]

    def read(self, route, stack, x, mask):
        for number in range(len(getattr(self.first, stack))):
            path = f"encoder.{stack}.{number}"
            blocks = self.of_all(stack, number, 1)
            if self.level == "block":
                x = route(path, blocks, x, mask)
                continue
            x = self.attention(route, f"{path}.attention", each(blocks, "attention"), x, mask, x)
            x = self.feed_forward(
                route, f"{path}.feedForward", each(blocks, "intermediate"), each(blocks, "output"), x
            )
        return x

    def cross(self, route, number, language, vision, language_mask, vision_mask):
        path = f"encoder.x_layers.{number}"
        blocks = self.of_all("x_layers", number, 2)
        if self.level == "block":
            return route(path, blocks, language, vision, language_mask, vision_mask)
        both = each(blocks, "visual_attention")
        shared = partial(self.attention, route, f"{path}.visual_attention", both)
        read = shared(language, vision_mask, vision)
        seen = shared(vision, language_mask, language)
        results = []
        for stream, x, mask in (("lang", read, language_mask), ("visn", seen, vision_mask)):
            name = f"{stream}_self_att"
            x = self.attention(route, f"{path}.{name}", each(blocks, name), x, mask, x)
            parts = each(blocks, f"{stream}_inter"), each(blocks, f"{stream}_output")
            results.append(self.feed_forward(route, f"{path}.{stream}FeedForward", *parts, x))
        return results

    def attention(self, route, path, segments, x, mask, context):
        if self.level != "component":
            return route(path, segments, x, mask, context)
        contexts = route.heads(f"{path}.head", each(segments, "heads"), x, mask, context)
        return route(f"{path}.output", each(segments, "output"), contexts, x)

    def feed_forward(self, route, path, intermediates, outputs, x):
        if self.level != "component":
            pairs = zip(intermediates, outputs)
            return route(path, [partial(feed_forward, *pair) for pair in pairs], x)
        inner = route(f"{path}.intermediate", intermediates, x)
        return route(f"{path}.output", outputs, inner, x)


def each(modules, name):
    return [getattr(module, name) for module in modules]


def pass_on(streams, *args):
    """What runs where a block is left out."""
    return args[0] if streams == 1 else args[:streams]
