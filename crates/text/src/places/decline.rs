//! Cases of place names by their endings, as Russian grammar has them. Wrong forms do no harm: nobody writes them.

use crate::fold::fold;

/// Every form of a name's word that may occur, folded, the nominative first.
pub(crate) fn forms(word: &str) -> Vec<String> {
    let word = fold(word);
    let mut forms = vec![word.clone()];
    for (ending, cases) in ENDINGS {
        // Before a long ending a letter is enough: Елец.
        if let Some(root) = word.strip_suffix(ending)
            && root.chars().count() >= if ending.chars().count() > 2 { 1 } else { 2 }
        {
            forms.extend(cases.split(' ').map(|case| format!("{root}{case}")));
            break;
        }
    }
    forms.dedup();
    forms
}

/// Endings, the longer first, with the endings of the other cases.
const ENDINGS: &[(&str, &str)] = &[
    // Adjectives: Грозный, Великий, Сосновый Бор, Большая Ижора, Верхняя Пышма, Тёмное, Синее, Набережные, Верхние.
    ("ский", "ского скому ским ском ски ска"),
    ("цкий", "цкого цкому цким цком"),
    ("кий", "кого кому ким ком"),
    ("гий", "гого гому гим гом"),
    ("хий", "хого хому хим хом"),
    ("ний", "него нему ним нем"),
    ("жий", "жего жему жим жем"),
    ("ший", "шего шему шим шем"),
    ("чий", "чего чему чим чем"),
    ("щий", "щего щему щим щем"),
    ("ий", "ия ию ием ии его ему им ем"),
    ("ый", "ого ому ым ом"),
    ("ой", "ого ому ым ом"),
    ("ая", "ой ую ою"),
    ("яя", "ей юю ею"),
    ("ое", "ого ому ым ом"),
    ("ее", "его ему им ем"),
    ("ые", "ых ым ыми"),
    ("ие", "их им ими ия ию ием ии"),
    // Nouns with a vowel that comes and goes: Череповец, Елец, Городок, Липецк is none of them.
    ("бец", "бца бцу бцом бце"),
    ("вец", "вца вцу вцом вце"),
    ("дец", "дца дцу дцом дце"),
    ("лец", "льца льцу льцом льце"),
    ("нец", "нца нцу нцом нце"),
    ("рец", "рца рцу рцом рце"),
    ("тец", "тца тцу тцом тце"),
    ("ел", "ла лу лом ле ела елу елом еле"),
    ("чок", "чка чку чком чке"),
    ("док", "дка дку дком дке"),
    ("жок", "жка жку жком жке"),
    ("лок", "лка лку лком лке лока локу локом локе"),
    ("нок", "нка нку нком нке"),
    ("сок", "ска ску ском ске"),
    ("бек", "бека беку беком беке"),
    ("ек", "ька ьку ьком ьке ека еку еком еке"),
    // Neuter in -ово, -ино: often left as they are, but not always.
    ("ово", "ова ову овом ове"),
    ("ево", "ева еву евом еве"),
    ("ино", "ина ину ином ине"),
    ("ыно", "ына ыну ыном ыне"),
    ("ье", "ья ью ьем ье"),
    ("е", "я ю ем"),
    ("о", "а у ом е"),
    // Feminine.
    ("ия", "ии ию ией"),
    ("ья", "ьи ье ью ьей"),
    ("жа", "жи же жу жей"),
    ("ша", "ши ше шу шей"),
    ("ча", "чи че чу чей"),
    ("ща", "щи ще щу щей"),
    ("ца", "цы це цу цей цой"),
    ("га", "ги ге гу гой"),
    ("ка", "ки ке ку кой"),
    ("ха", "хи хе ху хой"),
    ("а", "ы е у ой"),
    ("я", "и е ю ей"),
    // Plural: Чебоксары, Мытищи, Набережные Челны; Сочи and Тбилиси stay as they are by their own form.
    ("ищи", "ищ ищам ищами ищах"),
    ("ки", "ков кам ками ках ок"),
    ("ы", "ов ам ами ах"),
    ("и", "ей ям ями ях"),
    // Soft sign, masculine and feminine: Ярославль, Казань.
    ("ь", "я ю ем е и ью"),
    ("й", "я ю ем е"),
    // Masculine: -ов and -ин with both endings of the instrumental.
    ("ов", "ова ову овом ове овым"),
    ("ев", "ева еву евом еве евым"),
    ("ин", "ина ину ином ине иным"),
    ("ц", "ца цу цем цом це"),
    ("ж", "жа жу жем жом же"),
    ("ш", "ша шу шем шом ше"),
    ("ч", "ча чу чем чом че"),
    ("щ", "ща щу щем щом ще"),
    ("б", "ба бу бом бе"),
    ("в", "ва ву вом ве"),
    ("г", "га гу гом ге"),
    ("д", "да ду дом де"),
    ("з", "за зу зом зе"),
    ("к", "ка ку ком ке"),
    ("л", "ла лу лом ле"),
    ("м", "ма му мом ме"),
    ("н", "на ну ном не"),
    ("п", "па пу пом пе"),
    ("р", "ра ру ром ре"),
    ("с", "са су сом се"),
    ("т", "та ту том те"),
    ("ф", "фа фу фом фе"),
    ("х", "ха ху хом хе"),
];

/// The nominative of an adjective that a street is named by («на Советской», «по Московскому»), as the word for the
/// street wants it; the word as it is when it is not such an adjective.
pub(crate) fn adjective_nominative(word: &str, gender: Gender) -> String {
    // Only endings that say "adjective": a surname in -ой or -ого is rare enough.
    const OBLIQUE: &[&str] =
        &["ого", "его", "ому", "ему", "ой", "ей", "ую", "юю", "ым", "им", "ом", "ем", "ая", "яя", "ий", "ый"];
    let Some(ending) = OBLIQUE.iter().find(|ending| word.ends_with(**ending)) else { return word.to_owned() };
    let Some(root) = word.strip_suffix(ending).filter(|root| root.chars().count() >= 3) else { return word.to_owned() };
    let adjective_root = ["ск", "цк", "н", "ов", "ев", "в"].iter().any(|tail| root.ends_with(tail));
    if !adjective_root
        || matches!(*ending, "ом" | "ем" | "ей")
            && !(root.ends_with("ск") || root.ends_with("цк") || root.ends_with('н'))
    {
        return word.to_owned();
    }
    let soft = matches!(*ending, "его" | "ему" | "ей" | "юю" | "ем" | "яя");
    match gender {
        Gender::Feminine if soft => format!("{root}яя"),
        Gender::Feminine => format!("{root}ая"),
        // «Речной» is a nominative as it stands.
        Gender::Masculine if *ending == "ой" => word.to_owned(),
        Gender::Masculine if root.ends_with('к') || soft => format!("{root}ий"),
        Gender::Masculine => format!("{root}ый"),
        Gender::Neuter if soft => format!("{root}ее"),
        Gender::Neuter => format!("{root}ое"),
    }
}

/// Gender of the word for a kind of street.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gender {
    /// Проспект, переулок.
    Masculine,
    /// Улица, площадь.
    Feminine,
    /// Шоссе.
    Neuter,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognises_every_case() {
        let check = |word: &str, cases: &str| {
            let forms = forms(word);
            for case in cases.split(' ') {
                assert!(forms.contains(&fold(case)), "{word}: {case} is not in {forms:?}");
            }
        };
        check("Ижевск", "Ижевск Ижевска Ижевску Ижевском Ижевске");
        check("Казань", "Казани Казанью");
        check("Ярославль", "Ярославля Ярославлем Ярославле");
        check("Пушкино", "Пушкино Пушкина Пушкине");
        check("Верхняя", "Верхней Верхнюю");
        check("Пышма", "Пышмы Пышме Пышму Пышмой");
        check("Нижний", "Нижнего Нижнему Нижним Нижнем");
        check("Тагил", "Тагила Тагиле");
        check("Чебоксары", "Чебоксарам Чебоксарах");
        check("Мытищи", "Мытищ Мытищах");
        check("Череповец", "Череповца Череповце");
        check("Орёл", "Орла Орле");
        check("Елец", "Ельца Ельце");
        check("Торжок", "Торжка Торжке");
        check("посёлок", "посёлка посёлке");
        check("Грозный", "Грозного Грозном");
        check("Кизнер", "Кизнера Кизнере");
        check("Можга", "Можги Можге Можгу Можгой");
        check("Удмуртия", "Удмуртии Удмуртию");
        check("Воткинский", "Воткинского Воткинском");
    }

    #[test]
    fn streets_by_adjectives() {
        let check = |word: &str, gender, expected: &str| assert_eq!(adjective_nominative(word, gender), expected);
        check("советской", Gender::Feminine, "советская");
        check("московскому", Gender::Masculine, "московский");
        check("лесную", Gender::Feminine, "лесная");
        check("ленина", Gender::Feminine, "ленина");
        check("приморском", Gender::Neuter, "приморское");
        check("толстой", Gender::Feminine, "толстой");
    }
}
