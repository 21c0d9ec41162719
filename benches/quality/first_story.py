"""The peer of grouping: first-story detection by the nearest earlier text in tf-idf space (Petrović 2010, Mazoyer 2020)."""

import collections
import itertools
import math
import re

METRES_A_DEGREE = 111_195.0
WINDOW = 6000
BATCH = 8
WORD = re.compile(r"\w+")


def nearest_earlier(texts):
    """For each text the likest one before it within the window: its cosine and its index. None when numpy or scikit-learn is
    not installed. Words are stemmed when PyStemmer is."""
    vectors = vectors_of(texts)
    if vectors is None:
        return None
    import numpy

    found = []
    for start in range(0, len(texts), BATCH):
        end = min(len(texts), start + BATCH)
        oldest = max(0, start - WINDOW)
        cosines = (vectors[start:end] @ vectors[oldest:end].T).toarray()
        for row, index in zip(cosines, range(start, end)):
            earlier = row[: index - oldest]
            at = int(numpy.argmax(earlier)) if len(earlier) else -1
            found.append((float(earlier[at]), oldest + at) if at >= 0 else (0.0, -1))
    return found


def nearest_at_spot(texts, points, seconds, metres, days):
    """The same, looked for only among the texts of the days before whose points lie within so many metres."""
    vectors = vectors_of(texts)
    if vectors is None:
        return None
    found, cells = [], collections.defaultdict(list)
    for index, (lat, lon) in enumerate(points):
        north, east = lat * METRES_A_DEGREE, lon * METRES_A_DEGREE * math.cos(math.radians(lat))
        row, column = int(north // metres), int(east // metres)
        near = [
            earlier
            for cell in itertools.product((row - 1, row, row + 1), (column - 1, column, column + 1))
            for earlier, *point in cells[cell]
            if math.dist(point, (north, east)) <= metres and seconds[index] - seconds[earlier] <= days * 86_400
        ]
        cosines = (vectors[near] @ vectors[index].T).toarray().ravel() if near else []
        found.append(max(zip(map(float, cosines), near), default=(0.0, -1)))
        cells[row, column].append((index, north, east))
    return found


def vectors_of(texts):
    """A row of tf-idf weights for each text; None when numpy or scikit-learn is not installed."""
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
    except ImportError:
        return None
    try:
        from Stemmer import Stemmer

        stem = Stemmer("russian").stemWords
    except ImportError:
        stem = list
    return TfidfVectorizer(analyzer=lambda text: stem(WORD.findall(text.lower()))).fit_transform(texts).tocsr()


def clusters(nearest, threshold):
    """Joins each text to its nearest earlier one when that is at least so like it."""
    numbers = []
    for index, (cosine, earlier) in enumerate(nearest):
        numbers.append(numbers[earlier] if earlier >= 0 and cosine >= threshold else index)
    return numbers
