#!/usr/bin/env python3
"""Prints what Otklik's reading and grouping are worth on real data.

    benches/quality/quality.py [PART…]

Parts: zero-shot, trained, grouping, news, tone, forecast; all of them when none is named. The data are looked for in the folder named by
OTKLIK_DATA, or in ../shared/data beside the repository, and the binary in OTKLIK, or in target/release. No text is ever printed.
"""

import collections
import datetime
import gzip
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

import figures
import first_story
import forecast as streams

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("OTKLIK_DATA", ROOT.parent / "shared" / "data"))
OTKLIK = os.environ.get("OTKLIK", str(ROOT / "target" / "release" / "otklik"))
FOLDS = 5
# Appeals of one building for one reason belong together while no more than this lies between two of them.
EVENT_DAYS = 14
# Likenesses at which the peer of grouping is tried.
THRESHOLDS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


def rows(name):
    """The rows of a data set, or None with a word about it when it is absent."""
    path = DATA / name
    if not path.exists():
        print(f"  {name} is absent: this part is left out")
        return None
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def otklik(command, objects):
    """Runs a filter over objects; gives what it answers and the seconds of processor time it took."""
    text = "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in objects)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = subprocess.run([OTKLIK, *command], input=text.encode(), stdout=subprocess.PIPE, check=True)
    seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    return [json.loads(line) for line in done.stdout.splitlines()], seconds


def posts(texts, **more):
    at = "2024-01-01T00:00:00Z"
    return [{"id": str(index), "text": text, "published_at": at, **more} for index, text in enumerate(texts)]


def zero_shot():
    """Blocks by the dictionaries alone."""
    kursk = rows("kursk_appeals.jsonl.gz")
    if kursk is not None:
        labelled = [(row["text"], figures.KURSK_BLOCKS.get(row["category"])) for row in kursk]
        report_blocks("Kursk", labelled)
    spb = rows("spb_appeals.jsonl.gz")
    if spb is not None:
        labelled = [(row["text"] or "", figures.spb_blocks(row["category"], row["reason"])) for row in spb]
        report_blocks("St Petersburg", labelled)


def report_blocks(name, labelled):
    labelled = [(text, blocks) for text, blocks in labelled if blocks and text.strip()]
    analyses, _ = otklik(["analyse"], posts([text for text, _ in labelled], kind="appeal"))
    by_blocks = collections.defaultdict(lambda: [0, 0])
    for (_, blocks), analysis in zip(labelled, analyses):
        hit = bool(analysis["topics"]) and analysis["topics"][0]["block"] in blocks
        for key in ("all", "one" if len(blocks) == 1 else "several", "/".join(sorted(blocks))):
            by_blocks[key][0] += hit
            by_blocks[key][1] += 1
    hits, total = by_blocks.pop("all")
    print(f"  {name}: top-1 block {hits / total:.4f} of {total}")
    for key, (hits, total) in sorted(by_blocks.items(), key=lambda item: -item[1][1]):
        print(f"    {key:32} {hits / total:.3f} of {total}")


def trained():
    """Models of one's own: Kursk by cross-validation, St Petersburg split by time."""
    kursk = rows("kursk_appeals.jsonl.gz")
    if kursk is not None:
        for label in ("category", "theme", "executor"):
            scores = [train_and_test(label, *split) for split in folds(kursk)]
            mean = [sum(score[key] for score in scores) / FOLDS for key in ("weighted_f1", "macro_f1", "accuracy")]
            print(f"  Kursk {label}, {FOLDS} folds: weighted F1 {mean[0]:.4f}, macro F1 {mean[1]:.4f}, accuracy {mean[2]:.4f}")
    spb = rows("spb_appeals.jsonl.gz")
    if spb is not None:
        spb = sorted((row for row in spb if (row["text"] or "").strip()), key=lambda row: row["created"])
        cut = len(spb) * 3 // 4
        for label in ("category", "reason"):
            score = train_and_test(label, spb[:cut], spb[cut:])
            print(f"  St Petersburg {label}, last quarter: weighted F1 {score['weighted_f1']:.4f}, accuracy {score['accuracy']:.4f}")


def folds(items):
    """Each fold in turn to test, the others to train; copies of one text stay in one fold."""
    seen = {}
    number = [seen.setdefault(item["text"], len(seen)) % FOLDS for item in items]
    for fold in range(FOLDS):
        yield (
            [item for item, at in zip(items, number) if at != fold],
            [item for item, at in zip(items, number) if at == fold],
        )


def train_and_test(label, train, test):
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for name, part in (("train", train), ("test", test)):
            paths[name] = os.path.join(folder, f"{name}.jsonl")
            with open(paths[name], "w", encoding="utf-8") as file:
                for row in part:
                    file.write(json.dumps({"text": row["text"], "label": row[label]}, ensure_ascii=False) + "\n")
        model = os.path.join(folder, "model")
        quiet = {"check": True, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        subprocess.run([OTKLIK, "train", "--label", "label", paths["train"], "-o", model], **quiet)
        done = subprocess.run([OTKLIK, "eval", "--model", model, "--label", "label", paths["test"]], **quiet)
        return json.loads(done.stdout)


def grouping():
    """Events of St Petersburg against weak truth: appeals of one building for one reason."""
    spb = rows("spb_appeals.jsonl.gz")
    if spb is None:
        return
    spb.sort(key=lambda row: row["created"])
    truth = weak_events(spb)
    scored = [index for index, event in enumerate(truth) if event is not None]
    labels = [truth[index] for index in scored]
    print(f"  {len(scored)} of {len(spb)} appeals scored, {len(set(labels))} events")
    report_b_cubed("each alone", labels, list(range(len(labels))))
    for name, with_points in (("with coordinates", True), ("text only", False)):
        groups, seconds = otklik(["group"], [spb_post(row, with_points) for row in spb])
        events = [group["event_id"] for group in groups]
        report_b_cubed(f"{name}, {seconds:.1f} s", labels, [events[index] for index in scored])
    texts = [row["text"] or "" for row in spb]
    points = [(float(row["lat"]), float(row["lon"])) for row in spb]
    seconds = [datetime.datetime.fromisoformat(row["created"]).timestamp() for row in spb]
    peers = {
        "texts alone": first_story.nearest_earlier(texts),
        "those within 25 m and 14 days": first_story.nearest_at_spot(texts, points, seconds, 25.0, EVENT_DAYS),
    }
    for name, nearest in peers.items():
        if nearest is None:
            print("    the peer is left out: it needs numpy and scikit-learn")
            return
        # The threshold that suits the peer best.
        found = {threshold: first_story.clusters(nearest, threshold) for threshold in THRESHOLDS}
        best = max(found, key=lambda threshold: figures.b_cubed(labels, [found[threshold][index] for index in scored])[2])
        report_b_cubed(f"first-story detection, {name}, at {best}", labels, [found[best][index] for index in scored])


def report_b_cubed(name, truth, found):
    precision, recall, f = figures.b_cubed(truth, found)
    print(f"    {name:72} B³ precision {precision:.4f} recall {recall:.4f} F {f:.4f}")


def weak_events(appeals):
    """The number of each appeal's event; None where the building is not known."""
    last, numbers = {}, []
    for appeal in appeals:
        if appeal.get("building") is None:
            numbers.append(None)
            continue
        key = (appeal["building"], appeal["reason"])
        at = datetime.datetime.fromisoformat(appeal["created"])
        before = last.get(key)
        goes_on = before is not None and (at - before[0]).days < EVENT_DAYS
        number = before[1] if goes_on else len(numbers)
        last[key] = (at, number)
        numbers.append(number)
    return numbers


def spb_post(row, with_point):
    post = {"id": str(row["id"]), "text": row["text"] or " ", "kind": "appeal", "region": "spb"}
    post["published_at"] = row["created"][:19] + "+03:00"
    if with_point and row["lat"]:
        post["geo"] = {"lat": float(row["lat"]), "lon": float(row["lon"])}
    return post


def news():
    """Pairs of news: of one event or not."""
    pairs = rows("news_pairs.jsonl.gz")
    if pairs is None:
        return
    same = [pair["same"] for pair in pairs]
    for name, shared in (("each pair by itself", False), ("all in one window", True)):
        stream = []
        for index, pair in enumerate(pairs):
            for side in "ab":
                text = "\n".join(part for part in (pair[side].get("title"), pair[side].get("text")) if part)
                region = "news" if shared else f"pair{index}"
                stream.append({"id": f"{index}{side}", "network": "rss", "text": text, "region": region})
                stream[-1]["published_at"] = "2020-05-10T10:00:00Z"
        events = {group["id"]: group["event_id"] for group in otklik(["group"], stream)[0]}
        found = [events[f"{index}a"] == events[f"{index}b"] for index in range(len(pairs))]
        precision, recall, f1 = figures.f1_of_pairs(same, found)
        print(f"  {name}: precision {precision:.3f} recall {recall:.3f} F1 {f1:.3f} of {len(pairs)} pairs")


def tone():
    """Tone of tweets by the dictionary alone, three classes; and a model of five, tested on every fifth."""
    tweets = rows("sentiment_tweets.jsonl.gz")
    if tweets is None:
        return
    three = [tweet for tweet in tweets if tweet["label"] in ("negative", "neutral", "positive")]
    analyses, _ = otklik(["analyse"], posts([tweet["text"] for tweet in three]))
    found = [analysis["sentiment"]["label"] for analysis in analyses]
    macro, accuracy = figures.macro_f1([tweet["label"] for tweet in three], found)
    print(f"  dictionary, 3 classes of {len(three)}: macro F1 {macro:.4f}, accuracy {accuracy:.4f}")
    train, test = next(folds(tweets))
    score = train_and_test("label", train, test)
    print(f"  model, 5 classes, one fold of {FOLDS}: weighted F1 {score['weighted_f1']:.4f}, macro F1 {score['macro_f1']:.4f}")


def forecast():
    """Posts of the next hours: how often they lie in the interval of 80 %, in the half of the data that tuned nothing."""
    spb = rows("spb_appeals.jsonl.gz")
    if spb is not None:
        posts = [
            (
                streams.seconds(row["created"][:19] + "+03:00"),
                ("city", f"d {row['district']}", f"r {row['reason']}", f"{row['district']}, {row['reason']}"),
            )
            for row in spb
        ]
        report_forecast("St Petersburg, the city, its districts, reasons, and reasons by district", "appeals", posts)
        spb.sort(key=lambda row: row["created"])
        events = [group["event_id"] for group in otklik(["group"], [spb_post(row, True) for row in spb])[0]]
        posts = [(streams.seconds(row["created"][:19] + "+03:00"), (event,)) for row, event in zip(spb, events)]
        report_forecast("St Petersburg, events as grouped, at each of their posts", "events", posts)
    telegram = rows("telegram_posts.jsonl.gz")
    if telegram is not None:
        posts = [(streams.seconds(row["date"]), (row["channel"],)) for row in telegram]
        report_forecast("telegram, by channel", "telegram", posts)


def report_forecast(title, name, posts):
    print(f"  {title}")
    posts.sort(key=lambda post: post[0])
    lines, asked = streams.arrivals(posts) if name == "events" else streams.lines(posts)
    answers, seconds = otklik(["forecast"], lines)
    streams.report(name, posts, answers, asked, rate_days=1 if name == "events" else 7)
    print(f"    {len(lines)} lines in {seconds:.1f} s")


PARTS = {"zero-shot": zero_shot, "trained": trained, "grouping": grouping, "news": news, "tone": tone, "forecast": forecast}


def main():
    chosen = sys.argv[1:] or list(PARTS)
    unknown = [name for name in chosen if name not in PARTS]
    if unknown or not pathlib.Path(OTKLIK).exists():
        print(__doc__ if unknown else f"{OTKLIK} is not there: build it with `cargo build --release -p otklik`", file=sys.stderr)
        return 64
    for name in chosen:
        print(f"{name}: {PARTS[name].__doc__}")
        PARTS[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main())
