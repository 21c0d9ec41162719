//! What a page says first about what was just done. The address names it by a fixed word, so that nobody can make the desk
//! say something else by a link.

use otklik_domain::ActionKind;

use super::{
    frame::{Frame, Section},
    params::Params,
    visit::Visit,
};
use crate::error::Result;

/// The frame of a page of a section, with what is to be said.
pub(crate) async fn frame(visit: &Visit, section: Section, params: &Params) -> Result<Frame> {
    let said = params.get("said").and_then(sentence);
    Ok(Frame { said, ..visit.frame(Some(section)).await? })
}

/// The sentence of a word.
pub(crate) fn sentence(word: &str) -> Option<&'static str> {
    if let Ok(kind) = word.parse::<ActionKind>() {
        return Some(done(kind));
    }
    Some(match word {
        "password" => "Пароль изменён.",
        "split" => "Посты выделяются в отдельное событие: это займёт несколько секунд.",
        "joined" => "События объединяются: это займёт несколько секунд.",
        "account" => "Учётная запись сохранена.",
        "revoked" => "Токен отозван.",
        "webhook" => "Вебхук изменён.",
        "webhook-deleted" => "Вебхук удалён.",
        _ => return None,
    })
}

/// What an action led to.
pub(crate) fn done(kind: ActionKind) -> &'static str {
    match kind {
        ActionKind::Open => "Инцидент открыт.",
        ActionKind::Triage => "Инцидент подтверждён.",
        ActionKind::Route => "Инцидент направлен.",
        ActionKind::Accept => "Инцидент принят.",
        ActionKind::Start => "Работа начата.",
        ActionKind::AnswerInterim => "Промежуточный ответ записан.",
        ActionKind::AnswerFinal => "Итоговый ответ записан.",
        ActionKind::Rate => "Оценка записана.",
        ActionKind::RateBad => "Оценка записана, инцидент передан вышестоящему органу.",
        ActionKind::Close => "Инцидент закрыт.",
        ActionKind::Return => "Инцидент возвращён на разбор.",
        ActionKind::Postpone => "Инцидент отложен.",
        ActionKind::Resume => "Инцидент снова в работе.",
        ActionKind::Merge => "Инцидент объединён с другим.",
        ActionKind::Reject => "Отмечено: не инцидент.",
        ActionKind::Reopen => "Инцидент открыт повторно.",
        ActionKind::Escalate => "Инцидент передан вышестоящему органу.",
        ActionKind::Note => "Заметка добавлена.",
        ActionKind::Retell => "Название и описание изменены.",
    }
}
