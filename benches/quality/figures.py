"""Measures of clustering and classification, and the labels of the data sets in terms of blocks."""

import collections

# Categories of the Kursk set by number. Those that mix blocks accept each of them; those without a block are left out.
KURSK_BLOCKS = {
    "0": {"roads"},
    "1": {"animals"},
    "2": {"services"},
    "3": {"utilities", "improvement", "energy"},
    "4": {"health"},
    "5": {"culture"},
    "7": {"education"},
    "8": {"transport"},
    "9": {"communications"},
    "10": {"social"},
    "11": {"construction"},
    "13": {"trade"},
    "14": {"social", "services"},
    "15": {"culture"},
    "16": {"ecology", "waste"},
}

# Categories of the St Petersburg set; "Благоустройство" is told apart by the words of its reasons.
SPB_BLOCKS = {
    "Водоотведение": {"utilities"},
    "Водоснабжение": {"utilities"},
    "Кровля": {"utilities"},
    "Нарушение порядка пользования общим имуществом": {"utilities"},
    "Нарушение правил пользования общим имуществом": {"utilities", "improvement"},
    "Незаконная информационная и (или) рекламная конструкция": {"improvement"},
    "Незаконная реализация товаров с торгового оборудования (прилавок, ящик, с земли)": {"trade"},
    "Повреждения или неисправность элементов уличной инфраструктуры": {"improvement"},
    "Подвалы": {"utilities"},
    "Санитарное состояние": {"utilities"},
    "Содержание МКД": {"utilities"},
    "Состояние рекламных или информационных конструкций": {"improvement"},
    "Фасад": {"utilities"},
    "Центральное отопление": {"utilities"},
}
# The first words found decide; None leaves a reason out that no block owns.
SPB_REASON_WORDS = [
    ("провода", None),
    ("пандус", None),
    ("подъемн", None),
    ("остановочн", None),
    ("контейнер", {"waste"}),
    ("на фасаде", {"utilities", "improvement"}),
    ("адресной вывески", {"utilities", "improvement"}),
]
SPB_IMPROVEMENT_WORDS = [
    ("надписи", {"improvement"}),
    ("светофор", {"roads"}),
    ("дорожных знаков", {"roads"}),
    ("мусор", {"improvement", "waste"}),
    ("снег", {"improvement", "roads"}),
    ("дерев", {"improvement"}),
    ("строительной площадки", {"construction"}),
    ("тротуара", {"improvement", "roads"}),
    ("дорожного покрытия", {"roads"}),
    ("искусственных неровностей", {"roads"}),
    ("проезжей части", {"improvement", "roads"}),
    ("дорожных и газонных", {"improvement", "roads"}),
    ("освещени", {"improvement", "roads"}),
    ("парков", {"improvement", "roads"}),
    ("лужи", {"improvement", "roads"}),
    ("ливневой", {"improvement", "roads"}),
]


def spb_blocks(category, reason):
    """The blocks an appeal of St Petersburg may belong to; None when that is not clear."""
    reason = reason.lower()
    for word, blocks in SPB_REASON_WORDS:
        if word in reason:
            return blocks
    if category == "Благоустройство":
        return next((blocks for word, blocks in SPB_IMPROVEMENT_WORDS if word in reason), {"improvement"})
    return SPB_BLOCKS.get(category)


def b_cubed(truth, found):
    """Precision, recall and F of a clustering: for each item the share of its cluster that belongs with it, and the reverse."""
    of_truth = collections.Counter(truth)
    of_found = collections.Counter(found)
    both = collections.Counter(zip(truth, found))
    precision = sum(n * n / of_found[cluster] for (_, cluster), n in both.items()) / len(truth)
    recall = sum(n * n / of_truth[label] for (label, _), n in both.items()) / len(truth)
    return precision, recall, 2 * precision * recall / (precision + recall)


def f1_of_pairs(same, found):
    """Precision, recall and F1 of the answer "one event"."""
    hits = sum(a and b for a, b in zip(same, found))
    precision = hits / max(sum(found), 1)
    recall = hits / max(sum(same), 1)
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


def macro_f1(truth, found):
    """The mean over labels of F1, and the share of right answers."""
    scores = []
    for label in sorted(set(truth)):
        hits = sum(a == b == label for a, b in zip(truth, found))
        wrong = sum(a != label and b == label for a, b in zip(truth, found))
        missed = sum(a == label and b != label for a, b in zip(truth, found))
        scores.append(2 * hits / max(2 * hits + wrong + missed, 1))
    return sum(scores) / len(scores), sum(a == b for a, b in zip(truth, found)) / len(truth)
