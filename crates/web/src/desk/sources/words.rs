//! What the crawler's fixed names are called at the desk.

/// What stands in the way; a name without words of its own is given as it is.
pub(super) fn kind(kind: &str) -> String {
    let words = match kind {
        "rate_limit" => "запросов слишком много",
        "daily_limit" => "суточная квота исчерпана",
        "unavailable" => "источник закрыт, удалён или скрыт",
        "token" => "сеть не принимает токен",
        "needs_human" => "сеть просит проверку человеком",
        "retry" => "сбой на стороне сети",
        "bad_request" => "сеть не понимает запрос",
        "broken_body" => "ответ испорчен",
        "bad-address" => "адрес записан неверно",
        "not-public" => "адрес ведёт не в открытый интернет",
        "robots" => "сайт запрещает чтение в robots.txt",
        "bad-redirect" => "сайт пересылает по кругу или на чужой адрес",
        "too-large" => "ответ слишком велик",
        "bomb" => "сжатый ответ разрастается сверх меры",
        "damaged" => "ответ пришёл повреждённым",
        "timed-out" => "ответа нет слишком долго",
        "unreachable" => "нет соединения",
        "untrusted" => "сертификат сайта неверен",
        other => other,
    };
    words.to_owned()
}

/// What the crawler does about it.
pub(super) fn action(action: &str) -> &'static str {
    match action {
        "back_off" => "Краулер выждет и повторит.",
        "wait_for_next_window" => "Краулер ждёт новых суток квоты.",
        "mark_source_unavailable" => "Краулер проверяет изредка, до раза в сутки.",
        "token_fault" => "Краулер остановил всё, что читается этим токеном: замените токен и перезапустите.",
        "tell_human" => {
            "Краулер остановил всё, что читается этим токеном: пройдите проверку в учётной записи и перезапустите. \
             Капчу он не решает."
        }
        "retry" => "Краулер повторит сам.",
        "skip_request" => "Краулер повторит редко: такой же запрос даст такой же ответ.",
        _ => "",
    }
}

/// Whether nothing happens until somebody has seen to it.
pub(super) fn needs_somebody(action: &str) -> bool {
    matches!(action, "token_fault" | "tell_human")
}
