#!/usr/bin/env python3
"""Makes crates/text/src/language/letters.txt: how unlikely letters are in twelve languages, after none, one or two others.

    pip install babel==2.18.0 wordfreq==3.1.1; pip download --no-deps django==5.2.19
    scripts/letters.py django-5.2.19-py3-none-any.whl > crates/text/src/language/letters.txt

Counted are words of Django's translations (BSD), of CLDR's names of things as Babel has them (Unicode), by how
often they are used those of wordfreq (CC BY-SA 4.0), Russian ones of our dictionaries' examples, and for Bashkir and Tuvan, which those
lack, the common words below. Only the statistics are kept. Tested on other texts: `benches/peers/peers.py language`.
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
WORDS, WORDS_COUNTED, WORDS_COMMON = 3000, 20000, 1500
TRIPLES = 6000
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


def weights(language, wheel):
    """Words with how much each counts, and how many words that is."""
    if language in COMMON:
        found = COMMON[language].split()
        return {word: 1 / len(found) for word in found}, WORDS_COMMON
    if language == "cv":
        text = names(language)
    else:
        text = django(wheel, language)
    found = collections.Counter(words(text + (" " + examples() if language == "ru" else "")))
    if language not in COUNTED:
        return {word: n / found.total() for word, n in found.items()}, WORDS
    own, used = {word: 0.3 * n / found.total() for word, n in found.items()}, counted(COUNTED[language])
    for word, frequency in used.items():
        own[word] = own.get(word, 0) + 0.7 * frequency / used.total()
    return own, WORDS_COUNTED


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


def main():
    wheel = zipfile.ZipFile(sys.argv[1])
    known = {language: Letters(*weights(language, wheel)) for language in LANGUAGES}
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
    print(*LANGUAGES)
    for letters in [*single, *pairs, *triples]:
        quarters = (round(-4 * max(-8.75, math.log(one.chance(letters)))) for one in known.values())
        print(letters.replace(" ", "_"), "".join(DIGITS[min(35, number)] for number in quarters))


if __name__ == "__main__":
    main()
