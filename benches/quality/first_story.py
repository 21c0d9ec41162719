"""The peer of grouping: first-story detection by the nearest earlier text in tf-idf space (Petrović 2010, Mazoyer 2020)."""

import re

WINDOW = 6000
BATCH = 8
WORD = re.compile(r"\w+")


def nearest_earlier(texts):
    """For each text the likest one before it within the window: its cosine and its index. None when numpy or scikit-learn is
    not installed. Words are stemmed when PyStemmer is."""
    try:
        import numpy
        from sklearn.feature_extraction.text import TfidfVectorizer
    except ImportError:
        return None
    try:
        from Stemmer import Stemmer

        stem = Stemmer("russian").stemWords
    except ImportError:
        stem = list
    vectors = TfidfVectorizer(analyzer=lambda text: stem(WORD.findall(text.lower()))).fit_transform(texts).tocsr()
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


def clusters(nearest, threshold):
    """Joins each text to its nearest earlier one when that is at least so like it."""
    numbers = []
    for index, (cosine, earlier) in enumerate(nearest):
        numbers.append(numbers[earlier] if earlier >= 0 and cosine >= threshold else index)
    return numbers
