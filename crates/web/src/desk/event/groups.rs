//! Posts of an event by network, repeats folded under what they repeat.

use std::collections::HashMap;

use otklik_domain::{Event, Network};

use crate::desk::{
    params::Params,
    posts::PostCard,
    say::{REPEATS, network, number},
    triage::Tab,
};

/// The posts of one network.
#[derive(Debug, Clone)]
pub(super) struct NetworkGroup {
    pub(super) class: &'static str,
    pub(super) name: &'static str,
    pub(super) count: String,
    pub(super) threads: Vec<Thread>,
}

/// A post and those that repeat it.
#[derive(Debug, Clone)]
pub(super) struct Thread {
    pub(super) post: PostCard,
    pub(super) repeats: Vec<PostCard>,
    /// `ещё 12 повторов`.
    pub(super) folded: Option<String>,
}

/// Groups posts, each with the id of what it repeats, in their order; of one network when one is wanted.
pub(super) fn by_network(posts: Vec<(PostCard, Option<String>)>, wanted: Option<Network>) -> Vec<NetworkGroup> {
    // A repeat of another network stays with its own: people look for what is said where.
    let networks: HashMap<String, Network> = posts.iter().map(|(post, _)| (post.id.clone(), post.network)).collect();
    let mut repeats: HashMap<String, Vec<PostCard>> = HashMap::new();
    let mut heads = Vec::new();
    for (post, original) in posts {
        match original.filter(|original| networks.get(original) == Some(&post.network) && *original != post.id) {
            Some(original) => repeats.entry(original).or_default().push(post),
            None => heads.push(post),
        }
    }
    let mut groups: Vec<NetworkGroup> = Vec::new();
    for post in heads {
        if wanted.is_some_and(|wanted| wanted != post.network) {
            continue;
        }
        let folded = repeats.remove(&post.id).unwrap_or_default();
        let name = network(post.network);
        let class = post.network_class;
        let thread = Thread {
            post,
            folded: (!folded.is_empty()).then(|| format!("ещё {}", REPEATS.of(folded.len() as u64))),
            repeats: folded,
        };
        match groups.iter_mut().find(|group| group.name == name) {
            Some(group) => group.threads.push(thread),
            None => groups.push(NetworkGroup { class, name, count: String::new(), threads: vec![thread] }),
        }
    }
    // A chain of repeats hangs on its first link; what hangs on a repeat is shown rather than lost.
    for (_, orphans) in repeats {
        for post in orphans.into_iter().filter(|post| wanted.is_none_or(|wanted| wanted == post.network)) {
            let name = network(post.network);
            let class = post.network_class;
            let thread = Thread { post, repeats: Vec::new(), folded: None };
            match groups.iter_mut().find(|group| group.name == name) {
                Some(group) => group.threads.push(thread),
                None => groups.push(NetworkGroup { class, name, count: String::new(), threads: vec![thread] }),
            }
        }
    }
    for group in &mut groups {
        group.threads.sort_by(|a, b| b.post.when.iso.cmp(&a.post.when.iso));
        let posts: usize = group.threads.iter().map(|thread| 1 + thread.repeats.len()).sum();
        group.count = number(posts as u64);
    }
    groups
}

/// Tabs to see one network only.
pub(super) fn tabs(event: &Event, path: &str, params: &Params, wanted: Option<Network>) -> Vec<Tab> {
    let networks = &event.totals.networks;
    if networks.len() < 2 {
        return Vec::new();
    }
    let all = Tab {
        href: params.href(path, &[("network", None)]),
        name: "Все сети".to_owned(),
        count: Some(number(event.totals.posts)),
        current: wanted.is_none(),
    };
    let one = |&(one, posts): &(Network, u32)| Tab {
        href: params.href(path, &[("network", Some(one.as_str()))]),
        name: network(one).to_owned(),
        count: Some(number(posts)),
        current: wanted == Some(one),
    };
    std::iter::once(all).chain(networks.iter().map(one)).collect()
}
