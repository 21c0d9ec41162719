#!/usr/bin/env python3
"""Makes crates/text/src/language/letters.txt and words.txt: how unlikely letters are in twelve languages, after none, one or two others,
and how much likelier some words are than their letters.

    pip install babel==2.18.0 wordfreq==3.1.1; pip download --no-deps django==5.2.19
    apt-get download firefox-esr-l10n-be firefox-esr-l10n-kk firefox-esr-l10n-sr; for each: dpkg -x PACKAGE.deb .
    scripts/letters.py django-5.2.19-py3-none-any.whl usr/lib/firefox-esr/browser/extensions/langpack-*.xpi

Counted are words of Django's translations (BSD), of Firefox's (MPL; 153.7.0esr of Debian 12), of CLDR's names of things as Babel has them
(Unicode), by how often they are used those of wordfreq (CC BY-SA 4.0), Russian ones of our dictionaries' examples, and for Bashkir and
Tuvan, which those lack, the common words below. Only the statistics are kept. Tested on other texts: `benches/peers/peers.py language`.
"""

import collections
import io
import math
import pathlib
import re
import sys
import tomllib
import zipfile

import wordfreq
from babel import localedata

LANGUAGES = ["ru", "uk", "be", "bg", "sr", "kk", "tt", "ba", "udm", "tyv", "os", "cv"]
# Languages of wordfreq and how it calls them; Serbian is there in Latin letters.
COUNTED = {"ru": "ru", "uk": "uk", "bg": "bg", "sr": "sh"}
COMMON = {
    "ba": "һәм менән был бар юҡ өсөн тип түгел беҙ һеҙ улар мин һин ул ошо шул нимә ҡайҙа ҡасан ниңә һыу ут юл урам ҡала ауыл йорт бала "
    "балалар мәктәп дауахана кеше кешеләр халыҡ эш эшләмәй килә китә була булды булған ҡала буйынса районы башҡортостан республикаһы "
    "өфө йылы көн бөгөн кисә иртәгә бик күп аҙ яҡшы насар яңы иҫке ҙур бәләкәй беҙҙең һеҙҙең уларҙың миңә һиңә уға кәрәк мөмкин тора "
    "торған ебәрҙе әйтте алды бирҙе ҡуйҙы яуап хоҡуҡ ирекле тигеҙ тураһында араһында өҫтөндә аҫтында эсендә тышында ҡарай ҡараһағыҙ "
    "зинһар рәхмәт һаумыһығыҙ йылылыҡ яҡтылыҡ юлдар боҙоҡ таҙа таҙартмайҙар ҡар боҙ ямғыр ҡыш йәй яҙ көҙ",
    "tyv": "болгаш бар чок бо дээш чүге кижи кижилер дыка эвес бис силер олар мен сен ол кайда кажан суг орук кудумчу хоорай суур бажың "
    "улус чон ажыл школа эмнелге уруглар чаш хүн бөгүн дүүн даарта чыл эки багай чаа эрги улуг биче бистиң силерниң оларның меңээ "
    "сеңээ аңаа херек болур турар чоруур келген барган берген алган чугаалаан деп дег биле ышкаш ынчаш ынчангаш кандыг каш бүрү азы "
    "ону оон ынаар бээр тыва республиканың кызыл кожуун чазак чагырга харыы изиг соок чылыг чырык өрт орукту аштап арыглаар хар дош "
    "чаъс кыш чай час күс",
}
# Texts counted as if there were so many words of a language: the more there are, the less is left to chance.
WORDS, WORDS_OF_FIREFOX, WORDS_COUNTED, WORDS_COMMON = 3000, 8000, 20000, 1500
TRIPLES = 10000
# Words kept of a language, of one with few texts, and the share of what is said that is taken to be words known by themselves and not by
# their letters.
KEPT, KEPT_OF_FEW, KNOWN = 3000, 600, 0.3
ALPHABET = 45
WORD = re.compile(r"[^\W\d_]+")
NO_WORDS = re.compile(r"%\(\w+\)[sd]|%[sd]|\\n|<[^<>]{1,200}>|\{\w*\}|&\w+;")
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def words(text):
    found = WORD.findall(text.lower().replace("ё", "е"))
    return [word for word in found if all("\u0400" <= letter <= "\u052f" for letter in word)]


def django(wheel, language):
    """What msgstr and the lines after it say."""
    said = []
    for name in wheel.namelist():
        if f"/locale/{language}/LC_MESSAGES/" not in name or not name.endswith(".po"):
            continue
        inside = False
        for line in io.TextIOWrapper(wheel.open(name), encoding="utf-8"):
            line = line.strip()
            inside = line.startswith("msgstr") or inside and line.startswith('"')
            if inside:
                said.append(NO_WORDS.sub(" ", line[line.index('"') :].strip('"')))
    return " ".join(said)


def firefox(package):
    """What the language package of Firefox says, and what its parts are called in English, which has other letters."""
    archive = zipfile.ZipFile(package)
    parts = [name for name in archive.namelist() if name.endswith((".ftl", ".properties"))]
    return " ".join(archive.read(part).decode("utf-8") for part in parts)


def names(language):
    """Every text among the names of things."""
    data = localedata.load(language, merge_inherited=False)
    said = []

    def gather(value):
        if isinstance(value, str):
            said.append(value)
        elif isinstance(value, dict):
            for part in value.values():
                gather(part)

    for part in ("languages", "territories", "months", "days", "scripts", "date_fields", "unit_display_names"):
        gather(data.get(part, {}))
    return " ".join(said)


def examples():
    said = []
    for path in (pathlib.Path(__file__).parents[1] / "dictionaries" / "topics").glob("*.toml"):
        for entries in tomllib.loads(path.read_text(encoding="utf-8")).values():
            if isinstance(entries, list):
                said += [text for entry in entries for text in entry.get("examples", []) + entry.get("others", [])]
    return " ".join(said)


def to_cyrillic(word):
    for pair, letter in (("lj", "љ"), ("nj", "њ"), ("dž", "џ")):
        word = word.replace(pair, letter)
    return word.translate(str.maketrans("abcčćdđefghijklmnoprsštuvzž", "абцчћдђефгхијклмнопрсштувзж"))


def counted(name):
    frequencies = sorted(wordfreq.get_frequency_dict(name, wordlist="best").items(), key=lambda item: -item[1])[:30000]
    found = collections.Counter()
    for word, frequency in frequencies:
        for known in words(to_cyrillic(word) if name == "sh" else word):
            found[known] += frequency
    return found


def shares(text):
    found = collections.Counter(words(text))
    return {word: n / found.total() for word, n in found.items()}


def mixed(*parts):
    """Words by how much each counts in several counts, each with its share."""
    found = collections.Counter()
    for share, counts in parts:
        for word, weight in counts.items():
            found[word] += share * weight
    return found


def weights(language, wheel, packages):
    """Words with how much each counts, and how many words that is."""
    if language in COMMON:
        found = COMMON[language].split()
        return {word: 1 / len(found) for word in found}, WORDS_COMMON
    if language == "cv":
        text = names(language)
    else:
        text = django(wheel, language)
    own = shares(text + (" " + examples() if language == "ru" else ""))
    if language in packages:
        own = mixed((0.5, own), (0.5, shares(firefox(packages[language]))))
    if language in COUNTED:
        used = counted(COUNTED[language])
        return mixed((0.3, own), (0.7 / used.total(), used)), WORDS_COUNTED
    return own, WORDS_OF_FIREFOX if language in packages else WORDS


class Letters:
    """Letters of a language, one after none, one or two others."""

    def __init__(self, weighed, scale):
        self.counts = [collections.Counter() for _ in range(3)]
        self.before = [collections.Counter() for _ in range(3)]
        for word, weight in weighed.items():
            for length in (1, 2, 3):
                padded = " " * (length - 1) + word + " "
                for at in range(len(padded) - length + 1):
                    letters = padded[at : at + length]
                    self.counts[length - 1][letters] += weight * scale
                    self.before[length - 1][letters[:-1]] += weight * scale
        self.total = self.counts[0].total()

    def chance(self, letters):
        """The more often what stands before was seen, the less the shorter ones count."""
        if len(letters) == 1:
            return (self.counts[0][letters] + 0.02) / (self.total + 0.02 * ALPHABET)
        seen = self.before[len(letters) - 1][letters[:-1]]
        share = seen / (seen + 25)
        own = self.counts[len(letters) - 1][letters] / seen if seen else 0
        return share * own + (1 - share) * self.chance(letters[1:])


def digits(numbers):
    return "".join(DIGITS[min(35, number)] for number in numbers)


def print_letters(known, file):
    single = [letter for letter in sorted({key for one in known.values() for key in one.counts[0]})
              if max(one.chance(letter) for one in known.values()) > 2e-4]
    mass = [collections.Counter() for _ in range(3)]
    for one in known.values():
        for length in (1, 2):
            for letters, n in one.counts[length].items():
                mass[length][letters] += n / one.total
    pairs = sorted(letters for letters, n in mass[1].items() if n > 3e-4)

    def tells(letters):
        unlikely = sorted(math.log(one.chance(letters)) for one in known.values())
        return mass[2][letters] * (unlikely[-1] - unlikely[len(unlikely) // 2])

    triples = sorted(sorted(mass[2], key=lambda letters: (-tells(letters), letters))[:TRIPLES])
    print(*LANGUAGES, file=file)
    for letters in [*single, *pairs, *triples]:
        quarters = (round(-4 * max(-8.75, math.log(one.chance(letters)))) for one in known.values())
        print(letters.replace(" ", "_"), digits(quarters), file=file)


def print_words(known, weighed, file):
    """Words that tell most, with the logarithm of how many times as likely each is in each language as its letters are."""

    def likelier(word):
        for language, one in known.items():
            share = weighed[language].get(word, 0)
            padded = "  " + word + " "
            by_letters = math.prod(one.chance(padded[at : at + 3]) for at in range(len(word) + 1))
            yield math.log(1 + KNOWN * share / ((1 - KNOWN) * by_letters)) if share else 0

    rows = {}
    for index, language in enumerate(LANGUAGES):
        found = weighed[language]
        kept = KEPT if len(found) > 2 * KEPT else KEPT_OF_FEW
        own = {word: list(likelier(word)) for word in sorted(found, key=lambda word: (-found[word], word))[: 3 * kept]}

        def tells(word):
            others = own[word][:index] + own[word][index + 1 :]
            return found[word] * abs(own[word][index] - max(others))

        rows |= {word: own[word] for word in sorted(own, key=lambda word: (-tells(word), word))[:kept]}
    print(*LANGUAGES, file=file)
    for word in sorted(rows):
        print(word, digits(round(4 * number) for number in rows[word]), file=file)


def main():
    wheel = zipfile.ZipFile(sys.argv[1])
    packages = {re.search(r"langpack-(\w+)@", path)[1]: path for path in sys.argv[2:]}
    weighed, known = {}, {}
    for language in LANGUAGES:
        found, scale = weights(language, wheel, packages)
        total = sum(found.values())
        weighed[language] = {word: weight / total for word, weight in found.items()}
        known[language] = Letters(weighed[language], scale)
    folder = pathlib.Path(__file__).parents[1] / "crates" / "text" / "src" / "language"
    with open(folder / "letters.txt", "w", encoding="utf-8") as file:
        print_letters(known, file)
    with open(folder / "words.txt", "w", encoding="utf-8") as file:
        print_words(known, weighed, file)


if __name__ == "__main__":
    main()
