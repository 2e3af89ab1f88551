"""A plugin of pytest: TRL's tests with the trainer that `MMHELIX_TRAINER` names, and what they need from the hub beside them."""

import os

from mmhelix_nb.ahpo import AHPOTrainer, as_config


class ShutTrainer(AHPOTrainer):
    "An AHPO trainer whose gate is shut, as it has to be where its loss is to be GRPO's."

    def __init__(self, model, reward_funcs=None, args=None, *rest, **kwargs):
        args = as_config(args, model)
        args.gate = "closed"
        super().__init__(model, reward_funcs, args, *rest, **kwargs)


def pytest_collection_modifyitems(items):
    "Puts it in the place of TRL's."
    if os.environ.get("MMHELIX_TRAINER") == "AHPOTrainer":
        for module in {item.module for item in items}:
            module.GRPOTrainer = ShutTrainer
