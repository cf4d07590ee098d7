"""Leaves out and re-keys the documents of repairs.json, for tasks of lm-evaluation-harness.

Copy this file and repairs.json beside the YAML of a task, name the task below, and add to the YAML:

    process_docs: !function repaired.process_docs
"""

import json
from pathlib import Path

TASK = "name_of_the_task"  # a key of repairs.json
ANSWER = "answer"  # the field that holds the position of the key

REPAIRS = json.loads(Path(__file__).with_name("repairs.json").read_text(encoding="utf-8"))


def process_docs(dataset, task=None):
    repairs = REPAIRS.get(task or TASK, {"drop": [], "rekey": {}})
    drop = set(repairs["drop"])

    def rekey(doc, index):
        if str(index) in repairs["rekey"]:
            doc[ANSWER] = repairs["rekey"][str(index)]
        return doc

    kept = [index for index in range(len(dataset)) if index not in drop]
    return dataset.map(rekey, with_indices=True).select(kept)
