//! Ids and addresses of VK's publications.
//!
//! A post is `vk:-123_45` (wall and number), a comment of it `vk:-123_45_r678`. Other things that can be commented have their
//! kind before the wall: `vk:topic-123_45`, `vk:photo-123_45`, `vk:video-123_45`, `vk:market-123_45`; their comments end in
//! `_r678` too.

use otklik_wire::Community;

/// Something that can be commented, by its kind, its owner and its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) kind: Kind,
    pub(super) owner: i64,
    pub(super) number: i64,
}

/// The kind of a [`Place`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Wall,
    Topic,
    Photo,
    Video,
    Market,
}

impl Kind {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Wall => "",
            Self::Topic => "topic",
            Self::Photo => "photo",
            Self::Video => "video",
            Self::Market => "market",
        }
    }
}

impl Place {
    pub(super) const fn wall(owner: i64, number: i64) -> Self {
        Self { kind: Kind::Wall, owner, number }
    }

    /// The id of the thing itself.
    pub(super) fn id(&self) -> String {
        format!("vk:{}{}_{}", self.kind.prefix(), self.owner, self.number)
    }

    /// The id of a comment of it.
    pub(super) fn comment_id(&self, comment: i64) -> String {
        format!("{}_r{comment}", self.id())
    }

    /// The page of the thing itself.
    pub(super) fn url(&self) -> String {
        let Self { kind, owner, number } = self;
        match kind {
            Kind::Wall => format!("https://vk.com/wall{owner}_{number}"),
            Kind::Market => format!("https://vk.com/market{owner}?w=product{owner}_{number}"),
            Kind::Topic | Kind::Photo | Kind::Video => format!("https://vk.com/{}{owner}_{number}", kind.prefix()),
        }
    }

    /// The page of a comment; `thread` is the comment it stands below, if any.
    pub(super) fn comment_url(&self, comment: i64, thread: Option<i64>) -> String {
        let thread = thread.map(|thread| format!("&thread={thread}")).unwrap_or_default();
        match self.kind {
            Kind::Topic => format!("{}?post={comment}", self.url()),
            Kind::Market => self.url(),
            Kind::Wall | Kind::Photo | Kind::Video => format!("{}?reply={comment}{thread}", self.url()),
        }
    }
}

/// The community of an owner: walls of communities have negative numbers, those of persons belong to none.
pub(super) fn community(owner: i64, name: Option<&str>) -> Option<Community> {
    (owner < 0).then(|| Community { id: owner.to_string(), name: name.unwrap_or_default().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_addresses() {
        let check = |kind, thread, ids: [&str; 2], urls: [&str; 2]| {
            let place = Place { kind, owner: -123, number: 45 };
            assert_eq!([place.id(), place.comment_id(678)], ids);
            assert_eq!([place.url(), place.comment_url(678, thread)], urls);
        };
        check(
            Kind::Wall,
            Some(7),
            ["vk:-123_45", "vk:-123_45_r678"],
            ["https://vk.com/wall-123_45", "https://vk.com/wall-123_45?reply=678&thread=7"],
        );
        check(
            Kind::Topic,
            None,
            ["vk:topic-123_45", "vk:topic-123_45_r678"],
            ["https://vk.com/topic-123_45", "https://vk.com/topic-123_45?post=678"],
        );
        check(
            Kind::Market,
            None,
            ["vk:market-123_45", "vk:market-123_45_r678"],
            ["https://vk.com/market-123?w=product-123_45", "https://vk.com/market-123?w=product-123_45"],
        );
        assert_eq!(community(5, None), None);
        assert_eq!(community(-5, Some("Двор")), Some(Community { id: "-5".to_owned(), name: "Двор".to_owned() }));
    }
}
