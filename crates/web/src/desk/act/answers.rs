//! Ready texts of answers, with what is known of the incident put in.

use otklik_domain::ActionKind;

use crate::desk::say::NBSP;

/// A ready text.
#[derive(Debug, Clone)]
pub(crate) struct ReadyText {
    pub(crate) name: &'static str,
    pub(crate) text: String,
}

/// What ready texts speak of.
pub(super) struct Subject<'a> {
    pub(super) topic: &'a str,
    pub(super) place: &'a str,
    pub(super) agency: &'a str,
    /// When the final answer is due: `12 марта`.
    pub(super) due: Option<&'a str>,
}

/// Ready texts for a kind of answer.
pub(super) fn ready(kind: ActionKind, subject: &Subject<'_>) -> Vec<ReadyText> {
    let Subject { topic, place, agency, due } = subject;
    let until = due.map(|due| format!(" до{NBSP}{due}")).unwrap_or_default();
    let ready = |name, text| ReadyText { name, text };
    let about = format!("«{topic}» ({place})");
    match kind {
        ActionKind::AnswerInterim => vec![
            ready(
                "Принято в работу",
                format!(
                    "Здравствуйте! Ваше сообщение {about} получено, им{NBSP}занимается {agency}. О{NBSP}результате сообщим здесь{until}."
                ),
            ),
            ready(
                "Специалисты на месте",
                format!(
                    "Здравствуйте! По{NBSP}вашему сообщению {about} на{NBSP}место выехали специалисты. Сообщим о{NBSP}результате{until}."
                ),
            ),
            ready(
                "Нужны подробности",
                format!(
                    "Здравствуйте! Чтобы помочь по{NBSP}вопросу {about}, нужны подробности: точный адрес и{NBSP}когда это началось. Напишите, пожалуйста, в{NBSP}ответ на{NBSP}этот комментарий. Персональные данные публично не{NBSP}указывайте."
                ),
            ),
        ],
        ActionKind::AnswerFinal => vec![
            ready(
                "Устранено",
                format!(
                    "Здравствуйте! Проблема {about} устранена. Если что-то осталось, напишите нам{NBSP}— проверим. Спасибо, что{NBSP}сообщили! {agency}"
                ),
            ),
            ready(
                "Работы запланированы",
                format!(
                    "Здравствуйте! По{NBSP}вопросу {about} работы запланированы на{NBSP}[срок]. Что будет сделано: [меры]. О{NBSP}завершении сообщим здесь. {agency}"
                ),
            ),
            ready(
                "Разъяснение",
                format!(
                    "Здравствуйте! По{NBSP}вопросу {about} сообщаем: [разъяснение со{NBSP}ссылкой на{NBSP}норму]. Если вопрос остался, позвоните: [телефон]. {agency}"
                ),
            ),
            ready(
                "Сделать нельзя",
                format!(
                    "Здравствуйте! По{NBSP}вопросу {about} выполнить просьбу сейчас нельзя: [причина со{NBSP}ссылкой на{NBSP}норму]. Что можно сделать вместо этого: [варианты]. {agency}"
                ),
            ),
        ],
        _ => Vec::new(),
    }
}
