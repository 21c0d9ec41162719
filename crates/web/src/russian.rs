//! Russian words for what the domain names: on the desk and in Open311.

use otklik_domain::{ActionKind, ClockKind, Role, State};

/// A state of an incident.
pub fn state(state: State) -> &'static str {
    match state {
        State::New => "новый",
        State::Triaged => "подтверждён",
        State::Routed => "направлен",
        State::Accepted => "принят",
        State::InProgress => "в работе",
        State::Interim => "промежуточный ответ",
        State::Answered => "ответ дан",
        State::Rated => "оценён",
        State::Closed => "закрыт",
        State::Returned => "возвращён",
        State::Postponed => "отложен",
        State::Merged => "объединён",
        State::NotIncident => "не инцидент",
        State::Reopened => "открыт повторно",
        State::Escalated => "передан выше",
    }
}

/// An action on an incident.
pub fn action(action: ActionKind) -> &'static str {
    match action {
        ActionKind::Open => "открыть",
        ActionKind::Triage => "подтвердить",
        ActionKind::Route => "направить",
        ActionKind::Accept => "принять",
        ActionKind::Start => "начать работу",
        ActionKind::AnswerInterim => "дать промежуточный ответ",
        ActionKind::AnswerFinal => "дать итоговый ответ",
        ActionKind::Rate => "оценить ответ",
        ActionKind::RateBad => "оценить ответ плохо",
        ActionKind::Close => "закрыть",
        ActionKind::Return => "вернуть",
        ActionKind::Postpone => "отложить",
        ActionKind::Resume => "возобновить",
        ActionKind::Merge => "объединить",
        ActionKind::Reject => "отклонить",
        ActionKind::Reopen => "открыть повторно",
        ActionKind::Escalate => "передать выше",
        ActionKind::Note => "добавить заметку",
        ActionKind::Retell => "изменить название",
    }
}

/// A role.
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Admin => "администратор",
        Role::Operator => "оператор",
        Role::Analyst => "аналитик",
        Role::Agency => "сотрудник органа",
        Role::Viewer => "руководитель",
        Role::Source => "источник",
        Role::System => "Отклик",
    }
}

/// What an SLA clock waits for.
pub fn clock(clock: ClockKind) -> &'static str {
    match clock {
        ClockKind::Route => "направление",
        ClockKind::FirstAnswer => "первый ответ",
        ClockKind::FinalAnswer => "итоговый ответ",
    }
}

/// A field of a form; one without a name of its own is given as it is.
pub fn field(field: &str) -> &str {
    match field {
        "text" => "текст",
        "reason" => "причина",
        "url" => "ссылка",
        "until" => "срок",
        "score" => "оценка",
        "agency" => "орган",
        "topic" => "тема",
        "municipality" => "муниципалитет",
        "severity" => "тяжесть",
        "into" => "куда объединить",
        "posts" => "сообщения",
        "login" => "логин",
        "name" => "имя",
        "password" => "пароль",
        "role" => "роль",
        "actions" => "действия",
        "event_id" => "событие",
        "expires_at" => "срок действия",
        other => other,
    }
}

/// What is wrong with a field, as the state machine says it.
pub fn problem(problem: &str) -> &str {
    match problem {
        "must not be empty" => "заполните его",
        "must lie in the future" => "нужно время в будущем",
        "must be 1 to 5" => "нужно число от 1 до 5",
        "no body has it yet" => "инцидент ещё никому не направлен",
        "an incident cannot be merged into itself" => "инцидент нельзя объединить с самим собой",
        other => other,
    }
}
