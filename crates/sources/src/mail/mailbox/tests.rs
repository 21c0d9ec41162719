//! A mailbox against a small server on this machine.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use super::*;

const HEAD: &str = "From: Ivan <ivan@example.org>\r\nDate: Tue, 3 Mar 2026 10:00:00 +0300\r\n";

/// What the server does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Fault {
    #[default]
    None,
    /// It breaks off in the middle of this message.
    BreaksOff(u32),
    /// It sends more than the size it told.
    Lies(u32),
}

/// A server with one folder.
#[derive(Debug, Default)]
struct Server {
    validity: u32,
    /// Number, size told, text.
    messages: Vec<(u32, usize, String)>,
    fault: Fault,
    /// Every command it got.
    said: Vec<String>,
}

impl Server {
    fn with(validity: u32, messages: &[(u32, &str)]) -> Arc<Mutex<Self>> {
        let message = |&(uid, text): &(u32, &str)| {
            let text = format!("{HEAD}Message-ID: <{text}@example.org>\r\n\r\n{text}\r\n");
            (uid, text.len(), text)
        };
        let messages = messages.iter().map(message).collect();
        Arc::new(Mutex::new(Self { validity, messages, ..Self::default() }))
    }
}

async fn serve(server: Arc<Mutex<Server>>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _gone = talk(stream, &server).await;
        }
    });
    port
}

async fn talk(stream: TcpStream, server: &Mutex<Server>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"* OK ready\r\n").await?;
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 0 {
        let (tag, command) = line.trim_end().split_once(' ').unwrap();
        let (reply, breaks_off) = answer(&mut server.lock().unwrap(), tag, command);
        stream.write_all(&reply).await?;
        if breaks_off {
            return Ok(());
        }
        line.clear();
    }
    Ok(())
}

fn answer(server: &mut Server, tag: &str, command: &str) -> (Vec<u8>, bool) {
    server.said.push(command.to_owned());
    let words: Vec<&str> = command.split(' ').collect();
    let reply = match &words[..] {
        ["LOGIN", "\"cur\"", "\"se \\\"cret\""] | ["LOGIN", "\"cur\"", "\"se", "\\\"cret\""] => String::new(),
        ["LOGIN", ..] => return (format!("{tag} NO [AUTHENTICATIONFAILED] wrong\r\n").into_bytes(), false),
        ["EXAMINE", _] => format!(
            "* FLAGS (\\Seen)\r\n* {} EXISTS\r\n* OK [UIDVALIDITY {}] numbered\r\n",
            server.messages.len(),
            server.validity
        ),
        ["UID", "SEARCH", rest @ ..] => {
            let first = rest.last().and_then(|range| range.split(':').next()?.parse::<u32>().ok()).unwrap_or(0);
            let mut found: Vec<u32> =
                server.messages.iter().map(|(uid, ..)| *uid).filter(|&uid| uid >= first).collect();
            // As the protocol has it: `9:*` is the last message, whatever its number.
            found.extend(server.messages.last().map(|(uid, ..)| *uid).filter(|_| found.is_empty()));
            format!("* SEARCH{}\r\n", found.iter().map(|uid| format!(" {uid}")).collect::<String>())
        }
        ["UID", "FETCH", uid, "(UID", "RFC822.SIZE", _] => {
            let message = server.messages.iter().find(|(own, ..)| own.to_string() == *uid);
            let about = |(uid, size, _): &(u32, usize, String)| {
                format!("* 1 FETCH (UID {uid} RFC822.SIZE {size} INTERNALDATE \" 3-Mar-2026 10:05:00 +0300\")\r\n")
            };
            message.map(about).unwrap_or_default()
        }
        ["UID", "FETCH", uid, "(UID", "BODY.PEEK[])"] => {
            let (uid, _, text) = server.messages.iter().find(|(own, ..)| own.to_string() == *uid).unwrap();
            if server.fault == Fault::BreaksOff(*uid) {
                return (format!("* 1 FETCH (UID {uid} BODY[] {{{}}}\r\nFrom: ", text.len()).into_bytes(), true);
            }
            let length = if server.fault == Fault::Lies(*uid) { 50 << 20 } else { text.len() };
            format!("* 1 FETCH (BODY[] {{{length}}}\r\n{text} UID {uid})\r\n")
        }
        ["LOGOUT"] => "* BYE\r\n".to_owned(),
        _ => return (format!("{tag} BAD {command}\r\n").into_bytes(), false),
    };
    (format!("{reply}{tag} OK done\r\n").into_bytes(), false)
}

fn config(port: u16) -> MailboxConfig {
    MailboxConfig {
        host: "127.0.0.1".to_owned(),
        port,
        plain: true,
        folder: "INBOX".to_owned(),
        user: "cur".to_owned(),
        password: "se \"cret".into(),
        backfill: SignedDuration::from_hours(72),
    }
}

fn now() -> Timestamp {
    "2026-03-03T08:00:00Z".parse().unwrap()
}

async fn read(server: &Arc<Mutex<Server>>, known: Option<Position>) -> Result<Read, MailError> {
    let port = serve(Arc::clone(server)).await;
    Mailbox::new(config(port), None).unwrap().read(known, now()).await
}

fn texts(read: &Read) -> Vec<&str> {
    read.posts.iter().map(|post| post.text.as_str()).collect()
}

#[tokio::test]
async fn what_is_new_is_read_and_nothing_is_changed() {
    let server = Server::with(7, &[(3, "Нет воды"), (5, "Яма")]);
    let first = read(&server, None).await.unwrap();
    assert_eq!(texts(&first), ["Нет воды", "Яма"]);
    assert_eq!((first.position, first.more), (Some(Position { validity: 7, uid: 5 }), false));
    assert!(first.posts.iter().all(|post| post.published_at == "2026-03-03T07:00:00Z"));

    let again = read(&server, first.position).await.unwrap();
    assert_eq!((texts(&again).len(), again.position), (0, first.position));
    server.lock().unwrap().messages.push((9, HEAD.len() + 10, format!("{HEAD}\r\nСвет")));
    let new = read(&server, first.position).await.unwrap();
    assert_eq!((texts(&new), new.position), (vec!["Свет"], Some(Position { validity: 7, uid: 9 })));

    let said = server.lock().unwrap().said.clone();
    assert!(said.iter().any(|command| command == "UID SEARCH SINCE 28-Feb-2026"), "{said:?}");
    assert!(said.iter().any(|command| command == "UID SEARCH UID 6:*"), "{said:?}");
    let harmless = ["LOGIN ", "EXAMINE ", "UID SEARCH ", "UID FETCH ", "LOGOUT"];
    assert!(said.iter().all(|command| harmless.iter().any(|begin| command.starts_with(begin))), "{said:?}");
    assert!(said.iter().all(|command| !command.contains("BODY[]")), "only peeked at: {said:?}");
}

#[tokio::test]
async fn a_folder_numbered_anew_is_read_anew() {
    let server = Server::with(8, &[(1, "Нет воды")]);
    let read = read(&server, Some(Position { validity: 7, uid: 900 })).await.unwrap();
    assert_eq!((texts(&read), read.position), (vec!["Нет воды"], Some(Position { validity: 8, uid: 1 })));
}

#[tokio::test]
async fn what_was_read_before_it_broke_off_counts() {
    let server = Server::with(7, &[(3, "Нет воды"), (5, "Яма"), (6, "Свет")]);
    server.lock().unwrap().fault = Fault::BreaksOff(5);
    let part = read(&server, None).await.unwrap();
    assert_eq!((texts(&part), part.position), (vec!["Нет воды"], Some(Position { validity: 7, uid: 3 })));
    assert!(matches!(part.trouble, Some(MailError::BrokenOff(_))), "{:?}", part.trouble);
    server.lock().unwrap().fault = Fault::None;
    let rest = read(&server, part.position).await.unwrap();
    assert_eq!(texts(&rest), ["Яма", "Свет"]);
}

#[tokio::test]
async fn a_message_that_is_too_large_is_passed_over() {
    let server = Server::with(7, &[(3, "Нет воды"), (4, "x"), (5, "Яма")]);
    server.lock().unwrap().messages[1].1 = 50 << 20;
    let read = read(&server, None).await.unwrap();
    assert_eq!((texts(&read), read.too_large), (vec!["Нет воды", "Яма"], 1));
    let said = server.lock().unwrap().said.clone();
    assert!(!said.contains(&"UID FETCH 4 (UID BODY.PEEK[])".to_owned()), "{said:?}");
}

#[tokio::test]
async fn a_server_that_sends_more_than_it_told_is_left() {
    let server = Server::with(7, &[(3, "Нет воды"), (4, "Яма")]);
    server.lock().unwrap().fault = Fault::Lies(4);
    let read = read(&server, None).await.unwrap();
    assert!(matches!(read.trouble, Some(MailError::Nonsense("more than was asked for"))), "{:?}", read.trouble);
    assert_eq!(texts(&read), ["Нет воды"]);
}

#[tokio::test]
async fn many_messages_are_read_in_steps() {
    let messages: Vec<(u32, &str)> = (1..=STEP_MESSAGES_MAX as u32 + 7).map(|uid| (uid, "Нет воды")).collect();
    let server = Server::with(7, &messages);
    let first = read(&server, None).await.unwrap();
    assert_eq!((first.posts.len(), first.more), (STEP_MESSAGES_MAX, true));
    let rest = read(&server, first.position).await.unwrap();
    assert_eq!((rest.posts.len(), rest.more), (7, false));
}

#[tokio::test]
async fn troubles_are_told_without_the_password() {
    let server = Server::with(7, &[]);
    let port = serve(Arc::clone(&server)).await;
    let wrong = MailboxConfig { password: "hunter2".into(), ..config(port) };
    let error = Mailbox::new(wrong, None).unwrap().read(None, now()).await.unwrap_err();
    assert_eq!(error.to_string(), "the server refuses LOGIN: [AUTHENTICATIONFAILED] wrong");
    let secured = MailboxConfig { plain: false, ..config(port) };
    let error = Mailbox::new(secured, None).unwrap().read(None, now()).await.unwrap_err();
    assert!(matches!(error, MailError::Connect(_)), "plain text is no TLS: {error}");
    let check = |config: MailboxConfig| Mailbox::new(config, None).err().map(|error| error.to_string());
    let outside = MailboxConfig { host: "192.0.2.1".to_owned(), ..config(port) };
    assert!(check(outside).unwrap().contains("without TLS"));
    let split = MailboxConfig { user: "cur\r\na2 DELETE INBOX".to_owned(), ..config(port) };
    assert!(check(split).unwrap().contains("visible ASCII"));
}
