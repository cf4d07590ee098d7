"""What is in the logs, counted with the standard library alone: id, epoch, metric, score, status and question of each
attempt, and the metric that counts. Needs the package zipfile-zstd for Python before 3.14."""
import csv, glob, json, math, os
import zipfile_zstd, zipfile

LETTERS = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}
WORDS = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}

def score(value):
    if isinstance(value, (bool, int, float)):
        return None if math.isnan(value) else float(value)
    if isinstance(value, str):
        if value in LETTERS:
            return LETTERS[value]
        if value.lower() in WORDS:
            return WORDS[value.lower()]
        try:
            return float(value)
        except ValueError:
            pass
    return None

def samples(archive):
    names = archive.namelist()
    load = lambda name: json.loads(archive.read(name))
    # A sample that was tried again stands behind its earlier attempt.
    latest = {}
    for name in names:
        parts = name.split("/")
        whole = name.startswith("samples/") and "_epoch_" in parts[-1]
        shell = name.startswith("samples/") and parts[-1] == "sample.json" and "_epoch_" in parts[-2]
        if whole or shell:
            sample = load(name)
            if shell and name.replace("sample.json", "metadata.json") in names:
                sample["metadata"] = load(name.replace("sample.json", "metadata.json"))
            latest[(str(sample["id"]), sample["epoch"])] = sample
    # What the journal tells of samples that are not there.
    numbers = sorted(int(n.split("/")[-1][:-5]) for n in names if n.startswith("_journal/summaries/"))
    for number in numbers:
        for summary in load(f"_journal/summaries/{number}.json"):
            key = (str(summary["id"]), summary["epoch"])
            if key not in latest or latest[key]["uuid"] != summary["uuid"]:
                latest[key] = summary
    return latest

def question(archive, key, sample):
    text = sample["input"]
    if isinstance(text, list):
        text = [m["content"] for m in text if m["role"] == "user"][-1]
    if text.startswith("attachment://"):
        at = int(text.removeprefix("attachment://"))
        text = json.loads(archive.read(f"samples/{key[0]}_epoch_{key[1]}/attachments/0.json"))[at]
    return text

def primary(header):
    results = header.get("results") or {}
    headline = results.get("headline")
    if headline:
        one = headline["scorer"]
        return one if headline["score"] == one else f"{one}/{headline['score']}"
    first = header["eval"]["scorers"][0]
    keys = first["metrics"] if isinstance(first["metrics"], dict) else {}
    return f"{first['name']}/{next(iter(keys))}" if keys else first["name"]

out = csv.writer(open("expected.csv", "w"), lineterminator="\n")
out.writerow(["log", "id", "repeat", "metric", "primary", "score", "status", "subject", "question_length", "question_end"])
SEEDS = ["../../seeds/inspect_journal/*.eval", "../../seeds/inspect_parts/*.eval"]
for path in sorted(path for pattern in ["input/*.eval", *SEEDS] for path in glob.glob(pattern)):
    archive = zipfile.ZipFile(path)
    names = archive.namelist()
    header = json.loads(archive.read("header.json" if "header.json" in names else "_journal/start.json"))
    all_samples = samples(archive)
    main = primary(header)
    for key, sample in sorted(all_samples.items()):
        rows = []
        for scorer, given in (sample.get("scores") or {}).items():
            value = given["value"]
            if isinstance(value, dict):
                rows += [(f"{scorer}/{k}", score(v)) for k, v in value.items()]
            else:
                rows.append((scorer, score(value)))
        rows = rows or [(main, None)]
        text = question(archive, key, sample)
        for metric, value in sorted(rows):
            failed = sample.get("error") is not None and value is None
            status = "error" if failed else "limit" if sample.get("limit") else "ok" if value is not None else "unscored"
            cell = "" if value is None else repr(value)
            subject = (sample.get("metadata") or {}).get("subject", "")
            out.writerow([os.path.basename(path), key[0], key[1] - 1, metric, int(metric == main), cell, status, subject, len(text), text[-20:]])
