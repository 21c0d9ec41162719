"""The peers in Python, one at a time: chains.py PART FILE [MORE]. Prints one JSON object as `otklik-peers` does. The file is read before
the clock starts; time is the processor's, of this process."""

import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "quality"))

import first_story  # noqa: E402

WORD = first_story.WORD


def texts_of(file):
    with open(file, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def stemmer():
    from Stemmer import Stemmer

    return Stemmer("russian").stemWords


def train(file, model):
    """Trains fastText as its authors advise for short texts; each line: a JSON array of label and text."""
    import fasttext

    stem = stemmer()
    labelled = model + ".txt"
    with open(file, encoding="utf-8") as lines, open(labelled, "w", encoding="utf-8") as out:
        for line in lines:
            label, text = json.loads(line)
            out.write(f"__label__{label.replace(' ', '_')} {' '.join(stem(WORD.findall(text.lower())))}\n")
    fasttext.train_supervised(labelled, dim=50, epoch=25, wordNgrams=2, thread=2, verbose=0).save_model(model)
    return {"posts": 0, "seconds": 0.0}


def accuracy(file, model):
    import fasttext

    stem, model = stemmer(), fasttext.load_model(model)
    pairs = texts_of(file)
    found = [model.predict(" ".join(stem(WORD.findall(text.lower()))))[0] for _, text in pairs]
    hits = sum(bool(labels) and labels[0] == f"__label__{label.replace(' ', '_')}" for (label, _), labels in zip(pairs, found))
    return {"posts": len(pairs), "seconds": 0.0, "accuracy": hits / len(pairs)}


def topics(file, *models):
    import fasttext

    stem, models = stemmer(), [fasttext.load_model(model) for model in models]
    texts = texts_of(file)
    begun = time.process_time()
    for text in texts:
        prepared = " ".join(stem(WORD.findall(text.lower())))
        for model in models:
            model.predict(prepared)
    return {"posts": len(texts), "seconds": time.process_time() - begun}


def grouping(file):
    """First-story detection in tf-idf space (Petrović 2010, Mazoyer 2020). Gives the nearest of each, so that the caller can choose the
    threshold that suits this peer best."""
    texts = [post["text"] for post in texts_of(file)]
    begun = time.process_time()
    found = first_story.nearest_earlier(texts)
    return {"posts": len(texts), "seconds": time.process_time() - begun, "nearest": found}


def whole(file, *models):
    """Language, stems, two labels, repeats, events."""
    import fasttext
    import pycld2
    from rensa import RMinHash, RMinHashLSH

    texts = [post["text"] for post in texts_of(file)]
    stem, models = stemmer(), [fasttext.load_model(model) for model in models]
    index = RMinHashLSH(threshold=0.5, num_perm=125, num_bands=25)
    begun = time.process_time()
    for number, text in enumerate(texts):
        pycld2.detect(text)
        stems = stem(WORD.findall(text.lower()))
        prepared = " ".join(stems)
        for model in models:
            model.predict(prepared)
        minhash = RMinHash(num_perm=125, seed=1)
        minhash.update([f"{a} {b}" for a, b in zip(stems, stems[1:])] or stems)
        index.query(minhash)
        index.insert(number, minhash)
    first_story.nearest_earlier(texts)
    return {"posts": len(texts), "seconds": time.process_time() - begun}


PARTS = {"train": train, "accuracy": accuracy, "topics": topics, "grouping": grouping, "whole": whole}

if __name__ == "__main__":
    print(json.dumps(PARTS[sys.argv[1]](*sys.argv[2:])))
