//! `group.getInfo` and `url.getInfo`: what is known about groups. No posts.

use serde_json::value::RawValue;

use super::objects::{Group, UrlInfo};
use crate::{
    fault::SourceError,
    json,
    parse::Options,
    parsed::{CommunityInfo, POSTS_MAX, Parsed},
};

/// Reads the list of groups.
pub(super) fn info(body: &[u8], _options: &Options<'_>) -> Result<Parsed, SourceError> {
    let groups = json::envelope_list(super::text(body)?)?;
    let mut parsed = Parsed::default();
    learn(&mut parsed, groups, "");
    Ok(parsed)
}

/// Reads what an address leads to. Whether a group is open, only `group.getInfo` tells.
pub(super) fn of_url(body: &[u8], options: &Options<'_>) -> Result<Parsed, SourceError> {
    let info: UrlInfo = json::envelope(super::text(body)?)?;
    let mut parsed = Parsed::default();
    if info.kind.starts_with("GROUP") {
        let id = info.object_id_str.or(info.object_id).ok_or_else(|| SourceError::broken("objectId: is missing"))?;
        parsed.communities.push(CommunityInfo {
            id: id.0,
            url: options.param("url").map(str::to_owned),
            ..CommunityInfo::default()
        });
    }
    Ok(parsed)
}

/// Learns the groups of a list at a path.
pub(super) fn learn(parsed: &mut Parsed, groups: Vec<&RawValue>, path: &str) {
    for (index, raw) in groups.into_iter().take(POSTS_MAX).enumerate() {
        let path = format!("{path}[{index}]");
        match json::piece::<Group>(raw, &path) {
            Ok(group) => {
                let community = community(parsed, group, &path);
                parsed.communities.push(community);
            }
            Err(reason) => parsed.skipped.field(reason),
        }
    }
}

fn community(parsed: &mut Parsed, group: Group, path: &str) -> CommunityInfo {
    let skipped = &mut parsed.skipped;
    let access = group.access_type.get(path, "access_type", skipped);
    let is_private = group.private.get(path, "private", skipped).is_some_and(|flag| flag.0);
    let shortname = group.shortname.get(path, "shortname", skipped).filter(|name| !name.is_empty());
    CommunityInfo {
        url: Some(match shortname {
            Some(name) => format!("https://ok.ru/{name}"),
            None => format!("https://ok.ru/group/{}", group.uid.0),
        }),
        id: group.uid.0,
        name: group.name.get(path, "name", skipped).unwrap_or_default(),
        // An answer without the access of a group is one that did not ask for it.
        is_open: !is_private && access.is_none_or(|access| access == "OPEN"),
        followers: group.members_count.get(path, "members_count", skipped),
    }
}
