//! RSS and Atom, read in one pass without a tree, forgivingly: half a feed is better than none.

use quick_xml::{
    Reader, XmlVersion,
    escape::resolve_html5_entity,
    events::{BytesStart, Event},
};

use super::{
    date,
    item::{Feed, Item},
};
use crate::{fault::SourceError, parsed::POSTS_MAX};

/// Deepest nesting of elements.
const DEPTH_MAX: usize = 64;

pub(super) fn read(text: &str) -> Result<Feed, SourceError> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.allow_unmatched_ends = true;
    config.check_end_names = false;
    let mut state = State::default();
    let problem = loop {
        match reader.read_event() {
            Ok(Event::Eof) => break None,
            Ok(event) => {
                if let Err(problem) = state.event(&event) {
                    break Some(problem.to_owned());
                }
            }
            Err(error) => break Some(error.to_string()),
        }
        if state.feed.items.len() > POSTS_MAX {
            break None;
        }
    };
    let line = |position: u64| {
        let before = text.as_bytes().get(..usize::try_from(position).unwrap_or(usize::MAX).min(text.len()));
        before.unwrap_or_default().iter().filter(|byte| **byte == b'\n').count() + 1
    };
    let problem = problem
        .map(|problem| format!("line {}: {problem}", line(reader.error_position().max(reader.buffer_position()))));
    state.finish(problem)
}

#[derive(Debug, Default)]
struct State {
    feed: Feed,
    /// Names of the open elements, as written but lower case.
    path: Vec<String>,
    /// The item being read.
    item: Option<Item>,
    /// The text of the element being read, markup of XHTML kept.
    text: String,
    /// Depth at which the element being read began, when it may hold markup.
    markup_from: Option<usize>,
    /// Whether that element holds plain text (`type="text"` of Atom).
    is_plain: bool,
    /// Whether the root is one of a feed.
    is_feed: bool,
}

impl State {
    fn event(&mut self, event: &Event<'_>) -> Result<(), &'static str> {
        match event {
            Event::Start(start) => self.start(start)?,
            Event::Empty(start) => {
                self.start(start)?;
                self.end();
            }
            Event::End(end) => {
                let name = end.name().as_ref().to_ascii_lowercase();
                // An end that was never begun is passed over; one of an outer element ends those within.
                if let Some(place) = self.path.iter().rposition(|open| *open == name) {
                    while self.path.len() > place {
                        self.end();
                    }
                }
            }
            Event::Text(text) => self.text.push_str(&text.xml10_content()),
            // Plain text stays plain: what makes it a post takes it for HTML.
            Event::CData(data) => self.text.push_str(&data.xml10_content()),
            Event::GeneralRef(reference) => match reference.resolve_char_ref() {
                Ok(Some(c)) => self.text.push(c),
                _ => match resolve_html5_entity(reference) {
                    Some(known) => self.text.push_str(known),
                    // Entities of a feed's own are never looked up.
                    None => self.text.extend(["&", &**reference, ";"]),
                },
            },
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Eof => {}
        }
        Ok(())
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), &'static str> {
        let name = start.name().as_ref().to_ascii_lowercase();
        if self.path.is_empty() {
            self.is_feed |= matches!(name.as_str(), "rss" | "rdf:rdf" | "feed" | "atom:feed");
            if !self.is_feed {
                return Err("not a feed: the root is none of rss, rdf:RDF, feed");
            }
        }
        if self.path.len() >= DEPTH_MAX {
            return Err("nested too deeply");
        }
        if self.markup_from.is_some() {
            self.text.extend(["<", &name, ">"]);
        } else {
            self.text.clear();
            let attribute = |wanted: &str| attribute(start, wanted);
            match name.as_str() {
                "item" | "entry" | "atom:entry" => self.item = Some(Item::default()),
                "link" | "atom:link" => self.link(&attribute("href"), &attribute("rel")),
                "title" | "summary" | "content" if attribute("type") == "xhtml" => {
                    self.markup_from = Some(self.path.len())
                }
                "category" if !attribute("term").is_empty() => self.text = attribute("term"),
                _ => {}
            }
            self.is_plain = attribute("type") == "text";
        }
        self.path.push(name);
        Ok(())
    }

    /// A link of Atom.
    fn link(&mut self, href: &str, rel: &str) {
        if href.is_empty() {
            return;
        }
        match (&mut self.item, rel) {
            (Some(item), "" | "alternate") if item.link.is_empty() => item.link = href.to_owned(),
            (None, "self") => self.feed.own = href.to_owned(),
            (None, "" | "alternate") if self.feed.site.is_empty() => self.feed.site = href.to_owned(),
            _ => {}
        }
    }

    /// The innermost element ends.
    fn end(&mut self) {
        let Some(name) = self.path.pop() else { return };
        if let Some(from) = self.markup_from {
            if self.path.len() > from {
                // What holds nothing has no end in HTML.
                if !matches!(name.as_str(), "br" | "hr" | "img" | "wbr") {
                    self.text.extend(["</", &name, ">"]);
                }
                return;
            }
            self.markup_from = None;
        }
        let mut text = std::mem::take(&mut self.text);
        if self.is_plain {
            text = text.replace('&', "&amp;").replace('<', "&lt;");
        }
        let is_in = |parents: &[&str]| self.path.last().is_some_and(|parent| parents.contains(&parent.as_str()));
        if matches!(name.as_str(), "item" | "entry" | "atom:entry") {
            self.feed.items.extend(self.item.take());
        } else if is_in(&["item", "entry", "atom:entry"]) {
            if let Some(item) = &mut self.item {
                item.field(&name, text);
            }
        } else if is_in(&["channel", "feed", "atom:feed"]) {
            self.feed.field(&name, text);
        }
    }

    fn finish(mut self, problem: Option<String>) -> Result<Feed, SourceError> {
        // What breaks off within an item leaves that item out: its text may be cut anywhere.
        if self.item.is_some() && problem.is_none() {
            self.feed.broken_at = Some("the feed ends within an item".to_owned());
        }
        match problem {
            Some(problem) if self.feed.items.is_empty() => return Err(SourceError::broken(problem)),
            None if !self.is_feed => return Err(SourceError::broken("not a feed: no element in it")),
            Some(problem) => self.feed.broken_at = Some(problem),
            None => {}
        }
        Ok(self.feed)
    }
}

impl Item {
    fn field(&mut self, name: &str, text: String) {
        let first = |field: &mut String, text: String| {
            if field.trim().is_empty() {
                *field = text;
            }
        };
        match name {
            "guid" | "id" | "atom:id" => first(&mut self.guid, text),
            "link" => first(&mut self.link, text),
            "title" | "atom:title" => first(&mut self.title, text),
            "description" | "summary" | "atom:summary" => first(&mut self.summary, text),
            "content:encoded" | "content" | "atom:content" | "yandex:full-text" | "full-text" => {
                first(&mut self.content, text)
            }
            "category" => first(&mut self.category, text.trim().to_owned()),
            "pubdate" | "published" | "atom:published" | "dc:date" => self.date = date::parse(&text).or(self.date),
            "updated" | "atom:updated" | "modified" | "dcterms:modified" => {
                self.date = self.date.or_else(|| date::parse(&text))
            }
            _ => {}
        }
    }
}

impl Feed {
    fn field(&mut self, name: &str, text: String) {
        match name {
            "title" if self.title.is_empty() => self.title = text.split_whitespace().collect::<Vec<_>>().join(" "),
            "link" if self.site.is_empty() => self.site = text,
            "lastbuilddate" | "updated" | "pubdate" | "dc:date" => self.date = self.date.or_else(|| date::parse(&text)),
            _ => {}
        }
    }
}

/// The value of an attribute; empty when there is none that can be read.
fn attribute(start: &BytesStart<'_>, wanted: &str) -> String {
    let mut attributes = start.attributes();
    let mut readable = attributes.with_checks(false).flatten();
    let found = readable.find(|attribute| attribute.key.as_ref().eq_ignore_ascii_case(wanted));
    let value = found
        .and_then(|found| found.normalized_value(XmlVersion::Implicit1_0).ok().map(|value| value.trim().to_owned()));
    value.unwrap_or_default()
}
