//! What the readers of VK's lists share: the request they come from, the communities beside them, what was read so far.

use std::collections::BTreeMap;

use otklik_domain::Network;
use otklik_wire::{Post, time};
use serde_json::value::RawValue;

use super::{
    objects::{Count, Group, Page},
    place,
};
use crate::{
    bare,
    json::{self, Loose},
    parse::Options,
    parsed::{CommunityInfo, Next, Parsed},
};

/// Reads one answer.
pub(super) struct Reader<'o> {
    pub(super) options: &'o Options<'o>,
    pub(super) out: Parsed,
    groups: BTreeMap<i64, Known>,
}

/// A community that came with the answer.
struct Known {
    name: String,
    is_closed: bool,
    followers: u64,
}

impl<'o> Reader<'o> {
    pub(super) fn new(options: &'o Options<'o>) -> Self {
        Self { options, out: Parsed::default(), groups: BTreeMap::new() }
    }

    /// A whole number among the parameters of the request.
    pub(super) fn param(&self, name: &str) -> Option<i64> {
        self.options.param(name)?.parse().ok()
    }

    /// Learns the communities of a list.
    pub(super) fn learn(&mut self, groups: &RawValue, path: &str) {
        let groups = match json::list(groups, path) {
            Ok(groups) => groups,
            Err(error) => return self.out.skipped.field(error.message),
        };
        for (index, raw) in groups.into_iter().take(crate::parsed::POSTS_MAX).enumerate() {
            let path = format!("{path}[{index}]");
            match json::piece::<Group>(raw, &path) {
                Ok(group) => self.learn_one(group, &path),
                Err(reason) => self.out.skipped.field(reason),
            }
        }
    }

    fn learn_one(&mut self, group: Group, path: &str) {
        let skipped = &mut self.out.skipped;
        let name = super::text::plain(&group.name.get(path, "name", skipped).unwrap_or_default());
        let is_closed = group.is_closed.get(path, "is_closed", skipped);
        let is_gone = group.deactivated.get(path, "deactivated", skipped).is_some();
        let followers = group.members_count.get(path, "members_count", skipped);
        let screen_name = group.screen_name.get(path, "screen_name", skipped);
        let page = screen_name.filter(|name| !name.is_empty()).unwrap_or_else(|| format!("club{}", group.id));
        self.out.communities.push(CommunityInfo {
            id: format!("-{}", group.id),
            name: name.clone(),
            url: Some(format!("https://vk.com/{page}")),
            is_open: is_closed == Some(0) && !is_gone,
            followers,
        });
        let is_closed = is_gone || is_closed.is_some_and(|closed| closed != 0);
        self.groups.insert(group.id, Known { name, is_closed, followers: followers.unwrap_or_default() });
    }

    /// Whether the answer says that the owner's community is not open to all.
    pub(super) fn is_closed(&self, owner: i64) -> bool {
        self.known(owner).is_some_and(|group| group.is_closed)
    }

    fn known(&self, owner: i64) -> Option<&Known> {
        owner.checked_neg().and_then(|group| self.groups.get(&group))
    }

    /// The key of an author by VK's number; 0 is nobody.
    pub(super) fn author(&self, number: Option<i64>) -> Option<String> {
        let number = number.filter(|number| *number != 0)?;
        self.options.author_key(&format!("vk:{number}"))
    }

    /// A bare post of an owner.
    ///
    /// # Errors
    /// The date is missing or no date.
    pub(super) fn post(&self, id: String, owner: Option<i64>, date: Option<i64>) -> Result<Post, String> {
        let date = date.ok_or("date: is missing")?;
        let published_at = time::from_unix("date", date).map_err(|invalid| invalid.to_string())?;
        let known = owner.and_then(|owner| self.known(owner));
        let mut post = bare::post(Network::Vk, id, published_at);
        post.community = owner.and_then(|owner| place::community(owner, known.map(|group| group.name.as_str())));
        post.metrics.followers = known.map_or(0, |group| group.followers);
        Ok(post)
    }

    /// A counter.
    pub(super) fn count(&mut self, count: Loose<Count>, path: &str, field: &str) -> u64 {
        count.get(path, field, &mut self.out.skipped).and_then(|count| count.count).unwrap_or_default()
    }

    /// Works out the next page: the cursor VK gives, or the offset behind the last item when there is more.
    pub(super) fn next(&mut self, page: Page<'_>, items: usize, path: &str) {
        let skipped = &mut self.out.skipped;
        let cursor = page.next_from.get(path, "next_from", skipped).filter(|cursor| !cursor.is_empty());
        let level = page.current_level_count.get(path, "current_level_count", skipped);
        let total = level.or(page.count.get(path, "count", skipped));
        if let Some(value) = cursor {
            self.out.next = Some(Next { param: "start_from", value });
            return;
        }
        let offset: u64 = self.options.param("offset").and_then(|offset| offset.parse().ok()).unwrap_or_default();
        let seen = offset.saturating_add(items as u64);
        // `wall.getReposts` says no total: a full page may have another behind it.
        let page: u64 = self.options.param("count").and_then(|count| count.parse().ok()).unwrap_or(u64::MAX);
        let is_more = total.map_or(items as u64 >= page, |total| seen < total);
        if items > 0 && is_more {
            self.out.next = Some(Next { param: "offset", value: seen.to_string() });
        }
    }
}
