//! What the values of the domain are called at the desk, where [`crate::russian`] has no word for them.

use otklik_domain::{ActionKind, ClockKind, Intent, Network, OpenedBy, PlaceKind, SentimentLabel};
use otklik_ports::DeliveryResult;

/// An action as the words on its button.
pub(crate) fn action(action: ActionKind) -> &'static str {
    match action {
        ActionKind::Open => "Открыть инцидент",
        ActionKind::Triage => "Подтвердить",
        ActionKind::Route => "Направить",
        ActionKind::Accept => "Принять",
        ActionKind::Start => "Начать работу",
        ActionKind::AnswerInterim => "Промежуточный ответ",
        ActionKind::AnswerFinal => "Итоговый ответ",
        ActionKind::Rate | ActionKind::RateBad => "Записать оценку",
        ActionKind::Close => "Закрыть",
        ActionKind::Return => "Вернуть на разбор",
        ActionKind::Postpone => "Отложить",
        ActionKind::Resume => "Вернуть в работу",
        ActionKind::Merge => "Объединить",
        ActionKind::Reject => "Не инцидент",
        ActionKind::Reopen => "Открыть снова",
        ActionKind::Escalate => "Передать выше",
        ActionKind::Note => "Заметка",
        ActionKind::Retell => "Изменить название",
    }
}

/// An action as a line of the history, without who did it.
pub(crate) fn action_done(action: ActionKind) -> &'static str {
    match action {
        ActionKind::Open => "Инцидент открыт",
        ActionKind::Triage => "Подтверждён",
        ActionKind::Route => "Направлен",
        ActionKind::Accept => "Принят",
        ActionKind::Start => "Работа начата",
        ActionKind::AnswerInterim => "Дан промежуточный ответ",
        ActionKind::AnswerFinal => "Дан итоговый ответ",
        ActionKind::Rate => "Ответ оценён",
        ActionKind::RateBad => "Низкая оценка, передан вышестоящему органу",
        ActionKind::Close => "Закрыт",
        ActionKind::Return => "Возвращён на разбор",
        ActionKind::Postpone => "Отложен",
        ActionKind::Resume => "Снова в работе",
        ActionKind::Merge => "Объединён с другим инцидентом",
        ActionKind::Reject => "Признан не инцидентом",
        ActionKind::Reopen => "Открыт снова",
        ActionKind::Escalate => "Передан вышестоящему органу",
        ActionKind::Note => "Заметка",
        ActionKind::Retell => "Название изменено: сообщение удалено в источнике",
    }
}

/// What a line of the audit trail says was done; one without words of its own is given as it is.
pub(crate) fn audit_action(code: &str) -> String {
    if let Some(kind) = code.strip_prefix("incident.").and_then(|kind| kind.parse().ok()) {
        return match kind {
            ActionKind::Open => action_done(kind).to_owned(),
            kind => format!("Инцидент: {}", action_done(kind).to_lowercase()),
        };
    }
    let words = match code {
        "sign_in" => "Вход",
        "sign_in.failed" => "Неудачный вход",
        "account.create" => "Учётная запись создана",
        "account.change" => "Учётная запись изменена",
        "account.password" => "Пароль сменён",
        "event.split" => "Событие разделено",
        "event.merge" => "События объединены",
        "token.create" => "Токен создан",
        "token.revoke" => "Токен отозван",
        "webhook.create" => "Вебхук создан",
        "webhook.on" => "Вебхук включён",
        "webhook.off" => "Вебхук выключен",
        "webhook.delete" => "Вебхук удалён",
        other => other,
    };
    words.to_owned()
}

/// The limit a clock watches over, after «срок».
pub(crate) fn clock_waits_for(clock: ClockKind) -> &'static str {
    match clock {
        ClockKind::Route => "на направление в орган",
        ClockKind::FirstAnswer => "на первый ответ",
        ClockKind::FinalAnswer => "на итоговый ответ",
    }
}

/// How bad a problem is.
pub(crate) fn severity(level: u8) -> &'static str {
    match level {
        0 => "нечего исправлять",
        1 => "мелкая",
        2 => "умеренная",
        3 => "заметная",
        4 => "серьёзная",
        _ => "опасность для людей",
    }
}

/// Why an incident was opened.
pub(crate) fn opened_by(reason: OpenedBy) -> &'static str {
    match reason {
        OpenedBy::Authors => "об этом пишут несколько независимых авторов",
        OpenedBy::Severity => "проблема серьёзная",
        OpenedBy::Danger => "слова об опасности для людей",
        OpenedBy::Appeal => "обращение в орган власти",
        OpenedBy::Person => "открыт сотрудником",
    }
}

/// A network in full.
pub(crate) fn network(network: Network) -> &'static str {
    match network {
        Network::Vk => "ВКонтакте",
        Network::Ok => "Одноклассники",
        Network::Telegram => "Telegram",
        Network::Rss => "Новостные сайты",
        Network::X => "X",
        Network::Facebook => "Facebook",
        Network::Instagram => "Instagram",
        Network::Form => "Форма обращений",
        Network::Email => "Электронная почта",
        Network::Hotline => "Горячая линия",
        Network::Other => "Другие источники",
    }
}

/// A network in two or three letters, for rows.
pub(crate) fn network_short(network: Network) -> &'static str {
    match network {
        Network::Vk => "ВК",
        Network::Ok => "ОК",
        Network::Telegram => "TG",
        Network::Rss => "СМИ",
        Network::X => "X",
        Network::Facebook => "FB",
        Network::Instagram => "IG",
        Network::Form => "Обр.",
        Network::Email => "Почта",
        Network::Hotline => "Тел.",
        Network::Other => "Др.",
    }
}

/// What an author wants.
pub(crate) fn intent(intent: Intent) -> &'static str {
    match intent {
        Intent::Complaint => "жалоба",
        Intent::Question => "вопрос",
        Intent::Request => "просьба",
        Intent::Thanks => "благодарность",
        Intent::Report => "сообщение о событии",
        Intent::Other => "прочее",
    }
}

/// The polarity of a text.
pub(crate) fn sentiment(label: SentimentLabel) -> &'static str {
    match label {
        SentimentLabel::Negative => "негативная",
        SentimentLabel::Neutral => "нейтральная",
        SentimentLabel::Positive => "позитивная",
    }
}

/// A kind of place.
pub(crate) fn place_kind(kind: PlaceKind) -> &'static str {
    match kind {
        PlaceKind::Region => "регион",
        PlaceKind::Municipality => "муниципалитет",
        PlaceKind::Settlement => "населённый пункт",
        PlaceKind::District => "район города",
        PlaceKind::Street => "улица",
        PlaceKind::Landmark => "объект",
    }
}

/// How an attempt to deliver a webhook ended.
pub(crate) fn delivery(result: &DeliveryResult) -> String {
    match result {
        DeliveryResult::Succeeded => "доставлено".to_owned(),
        DeliveryResult::HttpError { status } => format!("получатель ответил {status}"),
        DeliveryResult::Unreachable => "нет соединения".to_owned(),
        DeliveryResult::TimedOut => "нет ответа вовремя".to_owned(),
        DeliveryResult::Refused => "адрес не публичный".to_owned(),
    }
}
