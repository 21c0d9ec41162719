//! Messages of errors for people at the desk.

use otklik_domain::Refusal;
use otklik_ports::ErrorKind;

use super::Error;
use crate::russian;

impl Error {
    /// What is wrong and what to do about it, in Russian.
    pub fn russian(&self) -> String {
        match self {
            Self::Unauthenticated => "Войдите в систему: сеанс закончился или не начат.".to_owned(),
            Self::SignIn => "Логин или пароль не подходят.".to_owned(),
            Self::Forbidden => "Вашей роли это не разрешено.".to_owned(),
            Self::CrossSite => "Запрос пришёл не со страницы Отклика. Обновите страницу и повторите.".to_owned(),
            Self::NotFound(_) => "Ничего не найдено, или у вас нет доступа.".to_owned(),
            Self::MethodNotAllowed => "По этому адресу так обратиться нельзя.".to_owned(),
            Self::Malformed(_) => "Запрос не удалось прочитать. Обновите страницу и повторите.".to_owned(),
            Self::Invalid { field, .. } => format!("Проверьте поле «{}».", russian::field(field)),
            Self::Refused(refusal) => refusal_text(refusal),
            Self::VersionRequired => "Обновите страницу: неизвестно, какую версию вы видели.".to_owned(),
            Self::KeyReused => "Этот запрос уже был отправлен с другим содержанием.".to_owned(),
            Self::Taken(_) => "Такое имя уже занято.".to_owned(),
            Self::HasIncident(id) => format!("По этому событию уже идёт работа: инцидент {id}."),
            Self::TooLarge => "Слишком много данных в одном запросе.".to_owned(),
            Self::TooMany { retry_after } => {
                format!("Слишком много попыток. Повторите через {} с.", retry_after.as_secs().max(1))
            }
            Self::Timeout => "Ответ занял слишком много времени. Повторите.".to_owned(),
            Self::Port(error) => match error.kind {
                // The search explains there, in Russian, what is wrong with the words typed.
                ErrorKind::Rejected => error.message.clone(),
                kind => kind_text(kind).to_owned(),
            },
            Self::Internal(_) => kind_text(ErrorKind::Internal).to_owned(),
        }
    }
}

fn kind_text(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NotFound => "Ничего не найдено.",
        ErrorKind::Conflict => "Кто-то успел раньше. Обновите страницу и решите заново.",
        ErrorKind::Rejected => "Запрос не имеет смысла.",
        ErrorKind::RateLimited | ErrorKind::Unavailable => "Хранилище не отвечает. Повторите через несколько секунд.",
        ErrorKind::Full => "В хранилище нет места. Сообщите администратору.",
        ErrorKind::Unauthorized | ErrorKind::Corrupt | ErrorKind::Internal => {
            "Внутренняя ошибка. Сообщите администратору номер запроса."
        }
    }
}

fn refusal_text(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Version { .. } => {
            "Инцидент изменился, пока вы работали. Посмотрите, что изменилось, и повторите.".to_owned()
        }
        Refusal::State { action, state } => {
            format!("Действие «{}» невозможно в состоянии «{}».", russian::action(*action), russian::state(*state))
        }
        Refusal::Forbidden { action, .. } => {
            format!("Вашей роли не разрешено действие «{}» с этим инцидентом.", russian::action(*action))
        }
        Refusal::UnknownAgency(id) => format!("Орган «{id}» не найден в настройках региона."),
        Refusal::NoParent(_) => "Вышестоящего органа нет.".to_owned(),
        Refusal::Invalid { field, problem } => {
            format!("Проверьте поле «{}»: {}.", russian::field(field), russian::problem(problem))
        }
    }
}
