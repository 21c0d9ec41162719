//! What the sender of a message wrote: without the message that is answered, signature and words of the mail program.

/// Marks of answers and forwards before a subject.
const ANSWERS: [&str; 5] = ["re:", "aw:", "на:", "отв:", "ответ:"];
const FORWARDS: [&str; 4] = ["fwd:", "fw:", "пер:", "переслано:"];
/// What stands at the end of the line before a quoted message.
const WROTE: [&str; 10] = [
    "wrote:",
    "писал:",
    "писала:",
    "писал(а):",
    "пишет:",
    "написал:",
    "написала:",
    "написал(а):",
    "сообщил:",
    "сообщает:",
];
/// What stands between hyphens above a message that is answered.
const ORIGINAL: [&str; 4] = ["original message", "исходное сообщение", "исходное письмо", "reply message"];
/// First words of the header of a message that is answered, and of those that follow within few lines.
const FROM: [&str; 2] = ["от:", "from:"];
const SENT: [&str; 6] = ["отправлено:", "sent:", "дата:", "date:", "кому:", "to:"];
/// First words of a signature.
const REGARDS: [&str; 6] =
    ["с уважением", "с ув.", "с наилучшими пожеланиями", "best regards", "kind regards", "regards,"];
/// First words that mail programs of telephones put at the end.
const PROGRAM: [&str; 6] =
    ["отправлено с ", "отправлено из ", "отправлено через ", "sent from ", "get outlook for", "скачать outlook"];
/// Most lines of a signature.
const SIGNATURE_LINES_MAX: usize = 8;

/// A subject without marks of answers, and whether it says that the message is forwarded.
pub(super) fn subject(subject: &str) -> (String, bool) {
    let mut words: Vec<&str> = subject.split_whitespace().collect();
    let mut is_forward = false;
    while let Some(first) = words.first().map(|first| first.to_lowercase()) {
        // Some programs count: Re[2]:
        let plain: String = first.split_once('[').map_or(first.clone(), |(mark, _)| format!("{mark}:"));
        if FORWARDS.contains(&plain.as_str()) {
            is_forward = true;
        } else if !ANSWERS.contains(&plain.as_str()) {
            break;
        }
        words.remove(0);
    }
    (words.join(" "), is_forward)
}

/// The sender's own words. What is forwarded stays: it is what the message is about. When nothing else is there, all of it stays.
pub(super) fn own(text: &str, is_forward: bool) -> String {
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    if !is_forward {
        drop_answered(&mut lines);
        drop_signature(&mut lines);
    }
    let own = tidy(&lines);
    if own.is_empty() { tidy(&text.lines().map(str::trim_end).collect::<Vec<_>>()) } else { own }
}

fn drop_answered(lines: &mut Vec<&str>) {
    let mut kept: Vec<&str> = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        if is_quoted(line) {
            continue;
        }
        let rest = lines.get(index + 1..).unwrap_or_default();
        if says_who_wrote(line) {
            if rest.iter().find(|line| !line.is_empty()).is_some_and(|next| is_quoted(next)) {
                continue;
            }
            break;
        }
        if is_original(line, rest) {
            break;
        }
        kept.push(line);
    }
    *lines = kept;
}

fn is_quoted(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

/// «3 марта 2026 г., 10:00, Иван <ivan@example.ru> пишет:»
fn says_who_wrote(line: &str) -> bool {
    let line = line.trim().to_lowercase();
    let names_somebody = line.contains('@') || line.chars().any(|c| c.is_ascii_digit());
    names_somebody && (line.ends_with(">:") || WROTE.iter().any(|wrote| line.ends_with(wrote)))
}

fn is_original(line: &str, rest: &[&str]) -> bool {
    let line = line.trim().to_lowercase();
    let title = line.trim_matches(['-', ' ']);
    if line.starts_with("--") && ORIGINAL.contains(&title) {
        return true;
    }
    begins(&line, &FROM) && rest.iter().take(3).any(|line| begins(line, &SENT))
}

/// Whether a line begins with one of the words, whatever its case.
fn begins(line: &str, words: &[&str]) -> bool {
    let line = line.trim_start().to_lowercase();
    words.iter().any(|word| line.starts_with(word))
}

fn drop_signature(lines: &mut Vec<&str>) {
    if let Some(place) = lines.iter().rposition(|line| *line == "--") {
        lines.truncate(place);
    }
    drop_empty(lines);
    while lines.last().is_some_and(|last| begins(last, &PROGRAM)) {
        lines.pop();
        drop_empty(lines);
    }
    let from = lines.len().saturating_sub(SIGNATURE_LINES_MAX);
    let regards = lines.iter().skip(from).position(|line| begins(line, &REGARDS));
    if let Some(place) = regards {
        lines.truncate(from + place);
    }
}

fn drop_empty(lines: &mut Vec<&str>) {
    while lines.last().is_some_and(|last| last.trim().is_empty()) {
        lines.pop();
    }
}

/// Lines with at most one empty one between them.
fn tidy(lines: &[&str]) -> String {
    let mut text = String::new();
    for line in lines {
        if line.trim().is_empty() {
            if !text.is_empty() && !text.ends_with("\n\n") {
                text.push('\n');
            }
            continue;
        }
        text.push_str(line.trim());
        text.push('\n');
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn subjects_lose_their_marks() {
        let check = |written: &str, expected: (&str, bool)| {
            assert_eq!(subject(written), (expected.0.to_owned(), expected.1), "{written}");
        };
        check("Нет  воды", ("Нет воды", false));
        check("Re: RE[2]: На: Нет воды", ("Нет воды", false));
        check("Fwd: Re: Нет воды", ("Нет воды", true));
        check("FW: яма", ("яма", true));
        check("", ("", false));
        check("Re:", ("", false));
    }

    #[test]
    fn only_the_senders_own_words_stay() {
        let check = |text: &str, expected: &str| assert_eq!(own(text, false), expected, "{text}");
        check("Нет воды\r\n\r\n\r\n\r\nна Мира", "Нет воды\n\nна Мира");
        check(
            "Воды всё нет\n\n3 марта 2026, 10:00, Ц <c@example.ru> пишет:\n> Примем меры\n>> Нет воды",
            "Воды всё нет",
        );
        check("> Примем меры\nКогда?\n> Скоро\nНе верю", "Когда?\nНе верю");
        check("Воды нет\n-----Original Message-----\nFrom: Ц\nТекст", "Воды нет");
        check("Воды нет\nОт: Ц\nОтправлено: вчера\nКому: мне\nТекст", "Воды нет");
        check("Воды нет\nпн, 3 мар. 2026 г. в 10:00, Центр <c@example.ru>:\nПримем меры", "Воды нет");
        check("От: остановки до школы нет тротуара", "От: остановки до школы нет тротуара");
        check("Сосед пишет:\nводы нет", "Сосед пишет:\nводы нет");
        check("Воды нет\n-- \nИван\n+7 900", "Воды нет");
        check("Воды нет\n\nС уважением,\nИван Иванов\nтел. 1", "Воды нет");
        check("Воды нет\n\nОтправлено из мобильной Почты Mail.ru", "Воды нет");
        check("> Нет воды", "> Нет воды");
        check("С уважением, Иван", "С уважением, Иван");
        let forwarded = "Посмотрите\n-------- Пересылаемое сообщение --------\nОт: Ж\nКому: Ц\n> Нет воды";
        assert_eq!(own(forwarded, true), forwarded);
    }

    proptest! {
        #[test]
        fn words_are_never_added(text in "(?s)(> |-- |От: |To: |С уважением|wrote:|>:|1@|\n|\\PC){0,60}") {
            let own = own(&text, false);
            prop_assert!(own.chars().count() <= text.chars().count() + 1);
            prop_assert!(own.lines().all(|line| line.is_empty() || text.contains(line)), "{own:?}");
            prop_assert_eq!(own.is_empty(), text.trim().is_empty() || text.lines().all(|line| line.trim().is_empty()));
        }
    }
}
