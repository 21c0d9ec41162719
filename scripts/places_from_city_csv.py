#!/usr/bin/env python3
"""Writes dictionaries/places/ru.tsv: the regions of Russia and its towns, so that a town elsewhere is known as elsewhere.

Usage: places_from_city_csv.py CITY.csv [dictionaries/places]

CITY.csv is city.csv of hflabs/city (CC BY-SA 4.0). Regions that have a file of their own in the folder are left out,
with their towns: the reader takes each place once.
"""

import csv
import re
import sys
from pathlib import Path

COLUMNS = ["id", "kind", "name", "parent", "lat", "lon", "population", "aliases"]

# Name of the region in the CSV: id, full name, other names.
REGIONS = {
    "Адыгея": ("adygeya", "Республика Адыгея", "Адыгея"),
    "Алтай": ("altai_republic", "Республика Алтай", "Горный Алтай"),
    "Алтайский": ("altai_krai", "Алтайский край", ""),
    "Амурская": ("amur", "Амурская область", "Приамурье"),
    "Архангельская": ("arkhangelsk", "Архангельская область", "Поморье"),
    "Астраханская": ("astrakhan", "Астраханская область", ""),
    "Башкортостан": ("bashkortostan", "Республика Башкортостан", "Башкортостан;Башкирия"),
    "Белгородская": ("belgorod", "Белгородская область", "Белогорье"),
    "Брянская": ("bryansk", "Брянская область", "Брянщина"),
    "Бурятия": ("buryatia", "Республика Бурятия", "Бурятия"),
    "Владимирская": ("vladimir", "Владимирская область", ""),
    "Волгоградская": ("volgograd", "Волгоградская область", ""),
    "Вологодская": ("vologda", "Вологодская область", "Вологодчина"),
    "Воронежская": ("voronezh", "Воронежская область", ""),
    "Дагестан": ("dagestan", "Республика Дагестан", "Дагестан"),
    "Еврейская": ("jewish", "Еврейская автономная область", "ЕАО;Еврейская АО"),
    "Забайкальский": ("zabaykalsky", "Забайкальский край", "Забайкалье"),
    "Ивановская": ("ivanovo", "Ивановская область", ""),
    "Ингушетия": ("ingushetia", "Республика Ингушетия", "Ингушетия"),
    "Иркутская": ("irkutsk", "Иркутская область", "Приангарье"),
    "Кабардино-Балкарская": ("kbr", "Кабардино-Балкарская Республика", "Кабардино-Балкария;КБР"),
    "Калининградская": ("kaliningrad", "Калининградская область", ""),
    "Калмыкия": ("kalmykia", "Республика Калмыкия", "Калмыкия"),
    "Калужская": ("kaluga", "Калужская область", ""),
    "Камчатский": ("kamchatka", "Камчатский край", "Камчатка"),
    "Карачаево-Черкесская": ("kchr", "Карачаево-Черкесская Республика", "Карачаево-Черкесия;КЧР"),
    "Карелия": ("karelia", "Республика Карелия", "Карелия"),
    "Кемеровская область - Кузбасс": ("kemerovo", "Кемеровская область", "Кузбасс;Кемеровская область — Кузбасс"),
    "Кировская": ("kirov", "Кировская область", ""),
    "Коми": ("komi", "Республика Коми", ""),
    "Костромская": ("kostroma", "Костромская область", ""),
    "Краснодарский": ("krasnodar", "Краснодарский край", "Кубань"),
    "Красноярский": ("krasnoyarsk", "Красноярский край", ""),
    "Крым": ("crimea", "Республика Крым", "Крым"),
    "Курганская": ("kurgan", "Курганская область", "Зауралье"),
    "Курская": ("kursk", "Курская область", ""),
    "Ленинградская": ("leningrad", "Ленинградская область", "Ленобласть;ЛО"),
    "Липецкая": ("lipetsk", "Липецкая область", ""),
    "Магаданская": ("magadan", "Магаданская область", "Колыма"),
    "Марий Эл": ("mari_el", "Республика Марий Эл", "Марий Эл"),
    "Мордовия": ("mordovia", "Республика Мордовия", "Мордовия"),
    "Москва": ("moscow", "Москва", ""),
    "Московская": ("moscow_oblast", "Московская область", "Подмосковье"),
    "Мурманская": ("murmansk", "Мурманская область", "Заполярье"),
    "Ненецкий": ("nenets", "Ненецкий автономный округ", "НАО;Ненецкий АО"),
    "Нижегородская": ("nizhny_novgorod", "Нижегородская область", ""),
    "Новгородская": ("novgorod", "Новгородская область", ""),
    "Новосибирская": ("novosibirsk", "Новосибирская область", ""),
    "Омская": ("omsk", "Омская область", ""),
    "Оренбургская": ("orenburg", "Оренбургская область", "Оренбуржье"),
    "Орловская": ("oryol", "Орловская область", ""),
    "Пензенская": ("penza", "Пензенская область", ""),
    "Пермский": ("perm", "Пермский край", "Прикамье"),
    "Приморский": ("primorye", "Приморский край", "Приморье"),
    "Псковская": ("pskov", "Псковская область", "Псковщина"),
    "Ростовская": ("rostov", "Ростовская область", ""),
    "Рязанская": ("ryazan", "Рязанская область", ""),
    "Самарская": ("samara", "Самарская область", ""),
    "Санкт-Петербург": ("spb", "Санкт-Петербург", "Питер"),
    "Саратовская": ("saratov", "Саратовская область", ""),
    "Саха /Якутия/": ("yakutia", "Республика Саха (Якутия)", "Якутия;Саха"),
    "Сахалинская": ("sakhalin", "Сахалинская область", "Сахалин"),
    "Свердловская": ("sverdlovsk", "Свердловская область", ""),
    "Севастополь": ("sevastopol", "Севастополь", ""),
    "Северная Осетия - Алания": ("alania", "Республика Северная Осетия — Алания", "Северная Осетия"),
    "Смоленская": ("smolensk", "Смоленская область", "Смоленщина"),
    "Ставропольский": ("stavropol", "Ставропольский край", "Ставрополье"),
    "Тамбовская": ("tambov", "Тамбовская область", ""),
    "Татарстан": ("tatarstan", "Республика Татарстан", "Татарстан;Татария"),
    "Тверская": ("tver", "Тверская область", ""),
    "Томская": ("tomsk", "Томская область", ""),
    "Тульская": ("tula", "Тульская область", ""),
    "Тыва": ("tyva", "Республика Тыва", "Тува"),
    "Тюменская": ("tyumen", "Тюменская область", ""),
    "Удмуртская": ("udm", "Удмуртская Республика", "Удмуртия"),
    "Ульяновская": ("ulyanovsk", "Ульяновская область", ""),
    "Хабаровский": ("khabarovsk", "Хабаровский край", ""),
    "Хакасия": ("khakassia", "Республика Хакасия", "Хакасия"),
    "Ханты-Мансийский Автономный округ - Югра": (
        "khmao", "Ханты-Мансийский автономный округ — Югра", "ХМАО;Югра;ХМАО-Югра"
    ),
    "Челябинская": ("chelyabinsk", "Челябинская область", ""),
    "Чеченская": ("chechnya", "Чеченская Республика", "Чечня"),
    "Чувашская Республика": ("chuvashia", "Чувашская Республика", "Чувашия"),
    "Чукотский": ("chukotka", "Чукотский автономный округ", "Чукотка"),
    "Ямало-Ненецкий": ("yanao", "Ямало-Ненецкий автономный округ", "ЯНАО;Ямал"),
    "Ярославская": ("yaroslavl", "Ярославская область", ""),
}

# Regions the CSV does not list.
MORE_REGIONS = {
    "donetsk": ("Донецкая Народная Республика", "ДНР"),
    "luhansk": ("Луганская Народная Республика", "ЛНР"),
    "zaporizhzhia": ("Запорожская область", ""),
    "kherson": ("Херсонская область", ""),
}

# Other names of large towns. «Владик» and the like are shared by towns of several regions; the desk's region decides.
TOWN_ALIASES = {
    "Владивосток": "Владик;Владос",
    "Новосибирск": "Новосиб;Нск",
    "Ростов-на-Дону": "Ростов;РнД",
    "Петропавловск-Камчатский": "Петропавловск",
    "Челябинск": "Челяба",
    "Набережные Челны": "Челны",
    "Магнитогорск": "Магнитка",
    "Великий Новгород": "Новгород",
    "Йошкар-Ола": "Йошка",
    "Калининград": "Кёниг",
    "Нижневартовск": "Вартовск",
    "Нефтеюганск": "Юганск",
    "Старый Оскол": "Оскол",
    "Минеральные Воды": "Минводы",
    "Каменск-Шахтинский": "Каменск",
}

# Names that are also common words: «за зиму» is not Зима in Irkutsk oblast. They stand with «город» and are recognised so.
COMMON_WORDS = set("""
    Белый Бор Буй Гай Горняк Грязи Дно Жуковка Заозёрный Заполярный Заречный Зима Калач Кедровый Клин Кола Коммунар
    Лесной Луга Любим Майский Мирный Нея Обь Озёры Октябрьский Оса Остров Отрадное Отрадный Петушки Пласт Покров Полярный
    Прохладный Радужный Родники Рыбное Светлый Свободный Сланцы Советский Сокол Сосновка Стрежевой Строитель Тайга
    Тара Топки Трёхгорный Удачный Узловая Холм Шахты
""".split())

LETTERS = dict(zip("абвгдеёжзийклмнопрстуфхцчшщыэюя", (
    "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch y e yu ya"
).split(), strict=True)) | {"ъ": "", "ь": ""}


def slug(name: str) -> str:
    """An id of a name: Latin letters, digits and underscores."""
    name = re.sub(r"(ий|ый)\b", "y", name.lower())
    latin = "".join(LETTERS.get(letter, letter) for letter in name)
    return re.sub(r"[^a-z0-9]+", "_", latin).strip("_")


def yo(name: str) -> str:
    """The name with е for ё: the CSV writes now one, now the other."""
    return name.replace("ё", "е").replace("Ё", "Е")


COMMON_WORDS_FOLDED = {yo(word) for word in COMMON_WORDS}


def point(row: dict[str, str]) -> tuple[str, str]:
    """Latitude and longitude of a row; four decimals are some ten metres."""
    return f"{float(row['geo_lat']):.4f}", f"{float(row['geo_lon']):.4f}"


def own_files(folder: Path) -> set[str]:
    """Ids of the regions that have a file of their own."""
    return {path.stem for path in folder.glob("*.tsv")} - {"ru"}


def town_name(row: dict[str, str]) -> str:
    """The town of a row; federal cities and some towns stand in another column."""
    name = row["city"] or row["settlement"] or row["area"] or row["region"]
    found = re.search(r"г ([А-ЯЁ][\w -]+)$", row["address"])
    return found.group(1) if not row["city"] and found else name


def main() -> int:
    if len(sys.argv) not in (2, 3):
        sys.stderr.write(__doc__ or "")
        return 64
    folder = Path(sys.argv[2] if len(sys.argv) == 3 else "dictionaries/places")
    with open(sys.argv[1], encoding="utf-8", newline="") as file:
        towns = list(csv.DictReader(file))
    unknown = sorted({row["region"] for row in towns} - set(REGIONS))
    if unknown:
        sys.stderr.write(f"regions that are not known here: {', '.join(unknown)}\n")
        return 1

    elsewhere = own_files(folder)
    lines = []
    for name, (region, full_name, aliases) in REGIONS.items():
        if region in elsewhere:
            continue
        own = [row for row in towns if row["region"] == name]
        city = next((row for row in own if town_name(row) == full_name), None)
        where = [*point(city), city["population"]] if city else [""] * 3
        lines.append([f"ru.{region}", "region", full_name, "", *where, aliases])
        used: dict[str, int] = {}
        for row in own:
            town = town_name(row)
            if row is city:
                continue
            used[town] = used.get(town, 0) + 1
            number = f"_{used[town]}" if used[town] > 1 else ""
            name_here = f"город {town}" if yo(town) in COMMON_WORDS_FOLDED else town
            lines.append([
                f"ru.{region}.{slug(town)}{number}", "settlement", name_here, f"ru.{region}", *point(row),
                row["population"], TOWN_ALIASES.get(town, ""),
            ])
    for region, (name, aliases) in MORE_REGIONS.items():
        lines.append([f"ru.{region}", "region", name, "", "", "", "", aliases])

    with open(folder / "ru.tsv", "w", encoding="utf-8") as out:
        out.write("# Regions and towns of Russia but those with a file of their own. Made by scripts/places_from_city_csv.py\n")
        out.write("# from city.csv of hflabs/city, CC BY-SA 4.0.\n")
        for line in [COLUMNS, *lines]:
            out.write("\t".join(line) + "\n")
    sys.stderr.write(f"{len(lines)} places\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
